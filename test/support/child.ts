import { spawn, type ChildProcess } from 'node:child_process'
import type { Readable } from 'node:stream'
import { createInterface } from 'node:readline'
import { compiledChild } from './compiled.ts'
import { ON_THIS_MACHINE } from './project.ts'

export interface ExitedScript {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

export interface RunningScript {
  child: ChildProcess
  pid: number
  /** Resolves when the process has ended, however it did. */
  exited: Promise<ExitedScript>
  /** Resolves with the next line of output that matches; rejects when the process ends without one. */
  line(pattern: RegExp): Promise<string>
  /** As {@link line}, of what is said besides results. */
  errorLine(pattern: RegExp): Promise<string>
  /** SIGKILL, and wait for the end. */
  kill(): Promise<ExitedScript>
}

export interface SpawnScriptOptions {
  cwd?: string
  env?: Record<string, string>
  /** Numeric user, and group of the same number, that it runs as: only root may say. */
  user?: number | undefined
}

/**
 * Runs a program in a real process of its own.
 *
 * @param script absolute path of JavaScript, or one of our own: `new URL('./children/x.ts', import.meta.url)`
 */
export function spawnScript(
  script: string | URL,
  args: string[] = [],
  { cwd, env, user }: SpawnScriptOptions = {},
): RunningScript {
  const file = script instanceof URL ? compiledChild(script) : script
  const child = spawn(process.execPath, [file, ...args], {
    cwd,
    env: { ...process.env, ...ON_THIS_MACHINE, ...env },
    ...(user === undefined ? {} : { uid: user, gid: user }),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const lines = collectLines(child, child.stdout)
  const errorLines = collectLines(child, child.stderr)
  const exited = waitForExit(child)
  return {
    child,
    pid: child.pid ?? -1,
    exited,
    line: (pattern) => lines.next(pattern),
    errorLine: (pattern) => errorLines.next(pattern),
    kill: async () => {
      child.kill('SIGKILL')
      return await exited
    },
  }
}

async function waitForExit(child: ChildProcess): Promise<ExitedScript> {
  const texts = { stdout: '', stderr: '' }
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (texts.stdout += text))
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (texts.stderr += text))
  return await new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve({ code, signal, ...texts }))
  })
}

/** Keeps the lines that nobody has asked for yet, so that no line is missed between two questions. */
function collectLines(child: ChildProcess, stream: Readable): { next(pattern: RegExp): Promise<string> } {
  const lines: string[] = []
  const listeners = new Set<() => void>()
  let ended = false
  const notify = (): void => {
    for (const listener of listeners) listener()
  }
  createInterface({ input: stream }).on('line', (line) => {
    lines.push(line)
    notify()
  })
  child.once('close', () => {
    ended = true
    notify()
  })

  const next = (pattern: RegExp): Promise<string> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const index = lines.findIndex((line) => pattern.test(line))
        const [line] = index === -1 ? [] : lines.splice(0, index + 1).slice(-1)
        if (line === undefined && !ended) return
        listeners.delete(look)
        if (line === undefined) reject(new Error(`The process ended without a line like ${pattern}`))
        else resolve(line)
      }
      listeners.add(look)
      look()
    })
  return { next }
}
