import type { Step } from './step.ts'

/** Takes out what a model has twice or for nothing. */
export const optimize: Step = {
  name: 'optimize',
  isAsked: (plan) => plan.optimize === true,
  async apply({ document, tools }) {
    const { dedup, prune, weld, join, resample } = tools.functions
    await document.transform(dedup(), prune(), weld(), join(), resample())
  },
}
