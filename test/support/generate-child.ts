import type { Plan } from '../faults/children/generate.ts'
import { spawnScript, type RunningScript } from './child.ts'
import type { Service } from './run.ts'

/** Starts a run of the pipeline in a process of its own; it prints a line for each import: its state, or its code. */
export function startGenerating(
  root: string,
  { url, apiKey }: Service,
  {
    env,
    user,
    ...plan
  }: Pick<Plan, 'specifiers'> & Partial<Plan> & { env?: Record<string, string>; user?: number },
): RunningScript {
  const script = new URL('../faults/children/generate.ts', import.meta.url)
  const whole: Plan = { root, url, apiKey, ...plan }
  return spawnScript(script, [JSON.stringify(whole)], { ...(env && { env }), user })
}
