import type { ModelInput, ModelMaker } from '../../src/emulator.ts'
import { createCardMaker } from '../../src/emulator/card-maker.ts'
import { makeCard } from '../../src/glb/card.ts'

/** Makes cards that differ with each task, as the models of the service do. */
export function createDice(): ModelMaker {
  const cards = createCardMaker()
  const numbers = new WeakMap<ModelInput, number>()
  let throws = 0
  return {
    ...cards,
    plan: (input) => {
      numbers.set(input, (throws += 1))
      return cards.plan(input)
    },
    make: async (input, role) => {
      if (role !== 'glb') return cards.make(input, role)
      const [{ bytes: image }] = input.images
      return makeCard({ image, name: `card ${numbers.get(input)}`, textured: input.shouldTexture })
    },
  }
}
