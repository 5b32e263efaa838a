import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** How long stand-ins take, and how long they block the requesting thread. In a separate process. */
export async function measure({ triangles = 30_000 } = {}) {
  const script = fileURLToPath(new URL('../preview.mjs', import.meta.url))
  const { stdout } = await run(process.execPath, [script, String(triangles), '--json'])
  return JSON.parse(stdout)
}
