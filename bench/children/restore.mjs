// Fetches the models of a project that only has the lockfile, as the start of a build does; or fetches the same files
// with a plain loop.
import { createWriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { build } from 'vite'
import { childArgs, report } from '../lib/child.mjs'

const { root, entry, meshy, bare } = childArgs()
const start = performance.now()
if (bare) await fetchAll(bare)
// The same build in each: one that has nothing to fetch shows which part of the time is Vite's.
const { default: plugin } = await import('unplugin-meshy/vite')
await build({
  root,
  configFile: false,
  logLevel: 'error',
  plugins: [plugin(meshy)],
  build: { write: false, rollupOptions: { input: path.join(root, entry) } },
})
report({ ms: performance.now() - start })

async function fetchAll({ url, names, into }) {
  await mkdir(into, { recursive: true })
  const left = [...names]
  const work = async () => {
    for (let name = left.pop(); name; name = left.pop()) {
      const { body } = await fetch(`${url}/cas/${name}`)
      await pipeline(body, createWriteStream(path.join(into, name)))
    }
  }
  await Promise.all(Array.from({ length: 16 }, work))
}
