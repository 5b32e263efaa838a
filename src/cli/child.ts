import { spawn } from 'node:child_process'
import { constants } from 'node:os'

/** What Ctrl-C, a closed terminal and process managers send. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
const IS_WINDOWS = process.platform === 'win32'

/**
 * Runs a command of the user's and returns its exit code, as a shell would tell it. What it prints goes to stderr: stdout
 * is for our results. Signals go to all of its processes, since shells and package managers do not always hand them on.
 */
export function runChild(
  [program = '', ...args]: readonly string[],
  { cwd, env }: { cwd: string; env: NodeJS.ProcessEnv },
): Promise<number> {
  // One word with spaces is a line for a shell, and on Windows programs such as npm are scripts of it.
  const shell = IS_WINDOWS || (args.length === 0 && /\s/.test(program))
  const child = spawn(program, args, { cwd, env, shell, detached: !IS_WINDOWS, stdio: ['ignore', 2, 2] })
  const forward = (signal: NodeJS.Signals): void => {
    if (IS_WINDOWS || child.pid === undefined) child.kill(signal)
    else killGroup(child.pid, signal)
  }
  for (const signal of SIGNALS) process.on(signal, forward)
  return new Promise<number>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)))
  }).finally(() => {
    for (const signal of SIGNALS) process.off(signal, forward)
  })
}

function killGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal)
  } catch (error) {
    // It has just ended.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
