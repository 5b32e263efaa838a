import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/**
 * Runs a script of `children/` in a process of its own, and returns what it reports. Nothing of this environment decides
 * what it does.
 *
 * @param {string} name file name without extension
 * @param {object} args what the script gets, as JSON
 */
export function runChild(name, args) {
  const script = fileURLToPath(new URL(`../children/${name}.mjs`, import.meta.url))
  const child = spawn(process.execPath, [script, JSON.stringify(args)], {
    env: neutralEnvironment(),
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  let result
  let errors = ''
  child.on('message', (message) => (result = message))
  child.stderr.setEncoding('utf8').on('data', (text) => (errors += text))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) =>
      code === 0 && result ? resolve(result) : reject(new Error(`${name} ended with ${code}:\n${errors}`)),
    )
  })
}

/** The arguments of this child. */
export function childArgs() {
  return JSON.parse(process.argv[2])
}

/** Hands a result, with the most memory that this process ever held, to the parent and ends the process. */
export function report(result) {
  const peakMB = process.resourceUsage().maxRSS / 1024
  process.send({ ...result, peakMB }, () => process.exit(0))
}

function neutralEnvironment() {
  const decides = /^(CI|NODE_ENV|VITEST.*|VITE_.*|MESHY_.*|DEBUG|NODE_OPTIONS|npm_.*)$/
  const kept = Object.entries(process.env).filter(([name]) => !decides.test(name))
  return { ...Object.fromEntries(kept), NODE_ENV: 'production', NO_COLOR: '1' }
}
