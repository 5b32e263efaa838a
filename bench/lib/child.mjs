import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/**
 * Runs a script of `children/` in a separate process, and returns what it reports.
 *
 * @param {string} name file name without extension
 * @param {object} args the arguments of the script, as JSON
 */
export async function runChild(name, args) {
  const { message, ended } = await startChild(name, args)
  await ended
  return message
}

/**
 * Starts a script of `children/` and waits for its first message. This environment does not affect it.
 *
 * @returns its message, a promise of its end, and a way to end it
 */
export async function startChild(name, args) {
  const script = fileURLToPath(new URL(`../children/${name}.mjs`, import.meta.url))
  const child = spawn(process.execPath, [script, JSON.stringify(args)], {
    env: neutralEnvironment(),
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  let errors = ''
  child.stderr.setEncoding('utf8').on('data', (text) => (errors += text))
  // Not `close`, which never comes after this side has disconnected.
  const ended = once(child, 'exit')
  const failed = ended.then(([code]) => {
    throw new Error(`${name} ended with ${code}:\n${errors}`)
  })
  const [message] = await Promise.race([once(child, 'message'), failed])
  failed.catch(() => {})
  const stop = async () => {
    if (child.connected) child.disconnect()
    await ended
  }
  return { message, ended, stop }
}

/** The arguments of this child. */
export function childArgs() {
  return JSON.parse(process.argv[2])
}

/** Passes a result, with the peak memory of this process, to the parent and ends the process. */
export function report(result) {
  const peakMB = process.resourceUsage().maxRSS / 1024
  process.send({ ...result, peakMB }, () => process.exit(0))
}

function neutralEnvironment() {
  const decides = /^(CI|NODE_ENV|VITEST.*|VITE_.*|MESHY_.*|DEBUG|NODE_OPTIONS|npm_.*)$/
  const kept = Object.entries(process.env).filter(([name]) => !decides.test(name))
  return { ...Object.fromEntries(kept), NO_COLOR: '1' }
}
