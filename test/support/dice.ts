import { randomUUID } from 'node:crypto'
import type { ModelInput, ModelMaker } from '../../src/emulator.ts'
import { createCardMaker } from '../../src/emulator/make-models.ts'
import { makeCard } from '../../src/stand-in/card.ts'

/** Makes cards that differ with each task, whatever account it is of, as the models of the service do. */
export function createDice(): ModelMaker {
  const cards = createCardMaker()
  const numbers = new WeakMap<ModelInput, string>()
  return {
    ...cards,
    plan: (input) => {
      numbers.set(input, randomUUID())
      return cards.plan(input)
    },
    make: async (input, role) => {
      if (role !== 'glb') return cards.make(input, role)
      const [{ bytes: image }] = input.images
      return makeCard({ image, name: `card ${numbers.get(input)}`, textured: input.shouldTexture })
    },
  }
}
