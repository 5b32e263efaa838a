import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { bundle, REPOSITORY, type Mutation } from './bundle.ts'
import type { Order } from './program.ts'

const run = promisify(execFile)

/** Histories that went wrong, each in some lines that begin with its seed; and how many were played. */
export interface Findings {
  faults: string[]
  played: number
}

export interface Histories {
  first: number
  count: number
  /** The mistake that is to be found; then one history is enough. */
  mutation?: Mutation | undefined
}

/** Plays histories, as many at once as there are processors. */
export async function simulate({ first, count, mutation }: Histories): Promise<Findings> {
  return withProgram(mutation, async (program) => {
    const step = Math.min(2, availableParallelism())
    const orders = Array.from({ length: step }, (_, index) => ({
      first: first + index,
      step,
      count: Math.ceil((count - index) / step),
      isOneEnough: mutation !== undefined,
    }))
    const outputs = await Promise.all(orders.map((order) => play(program, order)))
    const lines = outputs.flatMap((output) => output.trimEnd().split('\n'))
    const ends = lines.filter((line) => /^\d+ histories$/.test(line))
    return {
      faults: lines.filter((line) => !ends.includes(line)),
      played: ends.reduce((sum, line) => sum + Number.parseInt(line, 10), 0),
    }
  })
}

/** Everything that happens in one history. */
export async function tell(seed: number, mutation?: Mutation): Promise<string> {
  return withProgram(mutation, (program) => play(program, { first: seed, step: 1, count: 1, isTold: true }))
}

async function play(program: string, order: Order): Promise<string> {
  // Most of what a history makes is gone when it ends.
  const { stdout } = await run(
    process.execPath,
    ['--max-semi-space-size=64', program, JSON.stringify(order)],
    {
      maxBuffer: 2 ** 30,
    },
  )
  return stdout
}

async function withProgram<T>(
  mutation: Mutation | undefined,
  use: (program: string) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(path.join(REPOSITORY, 'node_modules/.cache/simulation-'))
  const program = path.join(folder, 'program.mjs')
  try {
    await bundle(program, mutation)
    return await use(program)
  } finally {
    await rm(folder, { recursive: true })
  }
}
