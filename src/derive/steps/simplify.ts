import { takeSnapshot } from '../compare/snapshot.ts'
import { need } from '../libraries.ts'
import type { Step } from './step.ts'

/** Fewer triangles. Errors are not limited: whoever names a count wants that count. */
export const simplify: Step = {
  name: 'simplify',
  isAsked: (plan) => plan.simplify !== undefined,
  async apply({ document, tools, plan, before }) {
    const { simplify: triangles = Infinity } = plan
    if (before.triangles <= triangles) return {}
    const { MeshoptSimplifier: simplifier } = need(tools, 'meshoptimizer')
    const ratio = triangles / before.triangles
    const { functions } = tools
    await document.transform(functions.weld(), functions.simplify({ simplifier, ratio, error: 1 }))
    return { triangles: takeSnapshot(document).triangles, tolerance: 0.04 }
  },
}
