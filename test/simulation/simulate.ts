import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { bundle, REPOSITORY, type Mutation } from './bundle.ts'
import type { Setting } from './worlds.ts'
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
  /** The one of all worlds. */
  setting?: Setting | undefined
}

/** Plays histories, as many at once as there are processors. */
export async function simulate({ first, count, mutation, setting }: Histories): Promise<Findings> {
  return withProgram(mutation, async (program) => {
    const step = Math.min(2, availableParallelism())
    const orders = Array.from({ length: step }, (_, index) => ({
      first: first + index,
      step,
      count: Math.ceil((count - index) / step),
      isOneEnough: mutation !== undefined,
      setting,
    }))
    const found = new AbortController()
    const outputs = await Promise.all(
      orders.map(async (order) => {
        const output = await play(program, order, found.signal)
        if (order.isOneEnough && output.startsWith('seed ')) found.abort()
        return output
      }),
    )
    const lines = outputs.flatMap((output) => output.split('\n')).filter(Boolean)
    const ends = lines.filter((line) => /^\d+ histories$/.test(line))
    return {
      faults: lines.filter((line) => !ends.includes(line)),
      played: ends.reduce((sum, line) => sum + Number.parseInt(line, 10), 0),
    }
  })
}

/** Everything that happens in one history. */
export async function tell(seed: number, setting?: Setting): Promise<string> {
  return withProgram(undefined, (program) =>
    play(program, { first: seed, step: 1, count: 1, isTold: true, setting }),
  )
}

/** @param signal ends it, when another one has found what both look for */
async function play(program: string, order: Order, signal?: AbortSignal): Promise<string> {
  try {
    // Most of what a history makes is gone when it ends, and most of the code runs too rarely to be optimised.
    const flags = ['--max-semi-space-size=64', '--always-sparkplug']
    const args = [...flags, program, JSON.stringify(order)]
    const { stdout } = await run(process.execPath, args, { maxBuffer: 2 ** 30, signal })
    return stdout
  } catch (error) {
    if (signal?.aborted) return ''
    throw error
  }
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
