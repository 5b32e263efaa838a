import { execFile } from 'node:child_process'
import { cp, mkdir, readdir, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const CLI = fileURLToPath(new URL('../../node_modules/@gltf-transform/cli/bin/cli.js', import.meta.url))
const run = promisify(execFile)

/** The cache before anything was derived. */
export async function keepState(root) {
  await cp(path.join(root, '.meshy'), path.join(root, 'kept'), { recursive: true })
  await cp(path.join(root, 'meshy-lock.json'), path.join(root, 'kept', 'meshy-lock.json'))
}

export async function restoreState(root) {
  await rm(path.join(root, '.meshy'), { recursive: true, force: true })
  await cp(path.join(root, 'kept'), path.join(root, '.meshy'), { recursive: true })
  await cp(path.join(root, 'kept', 'meshy-lock.json'), path.join(root, 'meshy-lock.json'))
}

/** `gltf-transform optimize` on each stored model, one after the other. */
export async function optimizeByCommand(root, simplify = ['--simplify', 'false']) {
  const folder = path.join(root, 'by-command')
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder)
  const files = await modelsIn(path.join(root, 'kept', 'out'))
  const start = performance.now()
  for (const [i, file] of files.entries()) {
    const options = ['--compress', 'meshopt', '--texture-compress', 'webp', '--texture-size', '2048']
    const output = path.join(folder, `${i}.glb`)
    await run(process.execPath, [CLI, 'optimize', file, output, ...options, ...simplify])
  }
  const ms = performance.now() - start
  return { ms, bytes: await sizeOf(await modelsIn(folder)) }
}

export async function modelsIn(folder) {
  const names = await readdir(folder, { recursive: true })
  return names.filter((name) => name.endsWith('.glb')).map((name) => path.join(folder, name))
}

export async function sizeOf(files) {
  const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size))
  return sizes.reduce((sum, size) => sum + size, 0)
}
