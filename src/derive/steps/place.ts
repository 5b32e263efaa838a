import type { Document, Node, Scene } from '@gltf-transform/core'
import type { Facts, Vec3 } from '../../glb/facts.ts'
import { moved } from '../compare/snapshot.ts'
import type { DerivationPlan } from '../../finding/steps.ts'
import type { Step } from './step.ts'

/**
 * Scales a model to its target height, and moves it to its target position. All of it is attached to one additional
 * node, and nothing below that is changed: clips, skins and whatever code looks up by name stay as they are.
 */
export const place: Step = {
  name: 'height, origin',
  isAsked: ({ height, origin }) => height !== undefined || origin !== undefined,
  async apply({ document, before, plan }) {
    const factor = factorOf(before.bounds, plan)
    const by = shiftOf(before.bounds, plan, factor)
    hang(document, { factor, by })
    return moved(before, factor, by)
  },
}

function factorOf({ size: [, height] }: Facts['bounds'], plan: DerivationPlan): number {
  if (plan.height === undefined) return 1
  if (height > 0) return plan.height / height
  throw new Error('the model is flat, so it has no height to scale')
}

/** How far the model has to move once it has its size. */
function shiftOf({ min, max }: Facts['bounds'], { origin }: DerivationPlan, factor: number): Vec3 {
  if (origin === undefined) return [0, 0, 0]
  const to = (from: number) => -from * factor || 0
  const middle = (axis: 0 | 1 | 2) => (min[axis] + max[axis]) / 2
  return [to(middle(0)), to(origin === 'bottom' ? min[1] : middle(1)), to(middle(2))]
}

/**
 * Roots stay together if the same scenes show them. The node has no name: viewers number duplicate names, and then code
 * would not find its own.
 */
function hang(document: Document, { factor, by }: { factor: number; by: Vec3 }): void {
  const scenes = document.getRoot().listScenes()
  const groups = new Map<string, { scenes: Scene[]; roots: Node[] }>()
  for (const root of new Set(scenes.flatMap((scene) => scene.listChildren()))) {
    const shownIn = scenes.filter((scene) => scene.listChildren().includes(root))
    const id = shownIn.map((scene) => scenes.indexOf(scene)).join(' ')
    const { roots } = groups.get(id) ?? { roots: [] }
    groups.set(id, { scenes: shownIn, roots: [...roots, root] })
  }
  for (const group of groups.values()) {
    const holder = document.createNode().setScale([factor, factor, factor]).setTranslation(by)
    for (const root of group.roots) {
      for (const scene of group.scenes) scene.removeChild(root)
      holder.addChild(root)
    }
    for (const scene of group.scenes) scene.addChild(holder)
  }
}
