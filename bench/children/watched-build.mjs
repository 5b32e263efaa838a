// A build that counts what it does: reads, hashes, connections, threads, and whether an image decoder was loaded.
import path from 'node:path'
import { childArgs, report } from '../lib/child.mjs'
import { loadedLibraries, watchProcess } from '../lib/watch.mjs'

const counts = watchProcess()
const { build } = await import('vite')
const { default: meshy } = await import('unplugin-meshy/vite')
const { root, entry, meshy: options, picture } = childArgs()
const start = performance.now()
const before = counts.digests
await build({
  root,
  configFile: false,
  logLevel: 'silent',
  plugins: [meshy(options)],
  build: { rollupOptions: { input: path.join(root, entry) } },
})
report({
  ms: performance.now() - start,
  pictureReads: counts.reads.get(picture) ?? 0,
  modelReads: counts.reads.get(picture?.replace('.png', '.glb')) ?? 0,
  digests: counts.digests - before,
  connections: counts.connections,
  threads: counts.threads,
  decoders: loadedLibraries(/sharp|vips/).length,
})
