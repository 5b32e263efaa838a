import path from 'node:path'
import { onTestFinished } from 'vitest'
import { startEmulator } from '../../src/emulator.ts'
import type { RunningEmulator, StartOptions } from '../../src/emulator.ts'
import {
  createProject,
  REPOSITORY,
  runNode,
  type Finished,
  type Project,
  type ProjectInit,
} from '../support/project.ts'

export const CLI = path.join(REPOSITORY, 'src', 'cli.ts')

/** Options of Node that run TypeScript: the command line is tested from its sources. */
const TYPESCRIPT = ['--import', import.meta.resolve('jiti/register')]

export interface CliOptions {
  cwd?: string
  env?: Record<string, string>
}

/** Runs the command line in a process of its own, as a user does. */
export function runCli(args: string[], { cwd = REPOSITORY, env = {} }: CliOptions = {}): Promise<Finished> {
  return runNode([...TYPESCRIPT, CLI, ...args], { cwd, env })
}
