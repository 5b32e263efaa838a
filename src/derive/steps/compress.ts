import { need } from '../libraries.ts'
import type { Step } from './step.ts'

/** Compresses geometry. Normals keep 10 bits: the stronger level of meshopt, with 8, shows in reflections. */
export const compress: Step = {
  name: 'compress',
  isAsked: ({ compress: kind }) => kind !== undefined && kind !== 'none',
  async apply({ document, tools, plan }) {
    const { meshopt, draco } = tools.functions
    if (plan.compress === 'draco') return void (await document.transform(draco()))
    const { MeshoptEncoder: encoder } = need(tools, 'meshoptimizer')
    await document.transform(meshopt({ encoder, level: 'medium' }))
  },
}
