// The simulation as a program, with its order as JSON: `program.mjs '{"first":1,"step":1,"count":1000}'`. A line for each
// history that went wrong, and one at the end.
import { argv, stdout } from 'node:process'
import { check } from './checks.ts'
import { Simulation } from './history.ts'
import { buildScenery } from './scenery.ts'
import type { Setting } from './worlds.ts'

/** Which histories, by their seeds. */
export interface Order {
  first: number
  step: number
  count: number
  /** Whether the first one that goes wrong is enough. */
  isOneEnough?: boolean
  /** Whether to tell all that happens. */
  isTold?: boolean
  /** The one of all worlds; otherwise each has its own. */
  setting?: Setting | undefined
}

const order = JSON.parse(argv[2] ?? '') as Order
// Errors are made by the thousand, and told by their codes.
if (!order.isTold) Error.stackTraceLimit = 0
const scenery = await buildScenery()
let played = 0
for (let seed = order.first; played < order.count; seed += order.step) {
  const trace: string[] | undefined = order.isTold ? [] : undefined
  const history = await new Simulation(seed, scenery, { trace, setting: order.setting }).play()
  const faults = check(history)
  played += 1
  if (trace) stdout.write(`${JSON.stringify(history.world, null, 2)}\n${trace.join('\n')}\n`)
  if (faults.length > 0) stdout.write(`seed ${seed}, ${history.world.setting}: ${faults.join('\n    ')}\n`)
  if (faults.length > 0 && order.isOneEnough) break
}
stdout.write(`${played} histories\n`)
