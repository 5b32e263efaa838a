import { spawn, spawnSync } from 'node:child_process'
import { stripVTControlCharacters } from 'node:util'
import { onTestFailed } from 'vitest'
import { neutralEnvironment, ON_THIS_MACHINE } from './project.ts'

/** Whether programs can be run in a terminal here, by script(1). */
export const hasTerminals = spawnSync('script', scriptArgs('true')).status === 0

export interface Terminal {
  /** What was shown so far, without colours. */
  text(): string
  /** Resolves when what was shown matches. */
  shows(pattern: RegExp): Promise<RegExpExecArray>
  type(keys: string): void
  /** Ends the program by Ctrl-C. */
  interrupt(): Promise<void>
}

/** Runs a command line of the shell in a terminal of its own, as a person would. */
export function openTerminal(command: string, options: { cwd: string; env: NodeJS.ProcessEnv }): Terminal {
  const child = spawn('script', scriptArgs(command), {
    cwd: options.cwd,
    env: { ...neutralEnvironment(), ...ON_THIS_MACHINE, TERM: 'xterm', ...options.env },
  })
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const listeners = new Set<() => void>()
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk
    for (const listener of listeners) listener()
  })
  const text = () => stripVTControlCharacters(output)
  // Of a test that waited in vain, this is all there is to see.
  onTestFailed(() => console.error(`The terminal showed:\n${text()}`))
  return {
    text,
    shows: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const match = pattern.exec(text())
          if (!match) return
          listeners.delete(look)
          resolve(match)
        }
        listeners.add(look)
        look()
        void closed.then(() => reject(new Error(`It ended without ${pattern}:\n${text()}`)))
      }),
    type: (keys) => void child.stdin.write(keys),
    interrupt: async () => {
      child.stdin.write('\u0003')
      await closed
    },
  }
}

function scriptArgs(command: string): string[] {
  return process.platform === 'darwin'
    ? ['-q', '/dev/null', 'sh', '-c', command]
    : ['-qec', command, '/dev/null']
}
