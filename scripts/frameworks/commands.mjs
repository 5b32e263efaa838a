import { spawn } from 'node:child_process'

/** Long enough for any build on a busy machine. */
const LIMIT = 480_000

/** Runs a command to its end; returns its exit code and all of its output. */
export function run(cwd, command, { env = {}, limit = LIMIT } = {}) {
  return new Promise((resolve, reject) => {
    const child = start(cwd, command, env)
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text))
    const timer = setTimeout(() => stop(child), limit)
    child.once('error', reject)
    child.once('close', (code) => {
      clearTimeout(timer)
      resolve({ code, output })
    })
  })
}

/** The same, but throws if the exit code is not the expected one. */
export async function expectRun(cwd, command, { code = 0, ...options } = {}) {
  const ran = await run(cwd, command, options)
  if (ran.code !== code) throw new Error(`\`${command.join(' ')}\` exits by ${ran.code}\n${ran.output}`)
  return ran.output
}

export const npm = (cwd, args, options) => expectRun(cwd, ['npm', ...args], options)
export const npx = (cwd, args, options) => expectRun(cwd, ['npx', '--yes', ...args], options)
export const git = (cwd, args) => {
  const user = ['-c', 'user.name=matrix', '-c', 'user.email=matrix@localhost']
  return expectRun(cwd, ['git', ...user, ...args])
}

/** A separate process group, because frameworks start processes that outlive them. */
export function start(cwd, [command, ...args], env) {
  const { CI: _, ...inherited } = process.env
  const quiet = { NEXT_TELEMETRY_DISABLED: '1', ASTRO_TELEMETRY_DISABLED: '1', NUXT_TELEMETRY_DISABLED: '1' }
  return spawn(command, args, {
    cwd,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...inherited, ...quiet, ...env },
  })
}

export function stop(child) {
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch (error) {
    if (error.code !== 'ESRCH') throw error
  }
}
