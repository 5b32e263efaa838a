// Fills the cache of a project: a build whose models come from an emulator that makes them in the requested size, from
// a file, or as meshes of the images.
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { startEmulator } from 'unplugin-meshy/emulator'
import meshy from 'unplugin-meshy/vite'
import { build } from 'vite'
import { childArgs, report } from '../lib/child.mjs'
import { createFileMaker, createSizedMaker } from '../lib/models.mjs'

const { root, entry, modelBytes, modelFile, meshy: options = {} } = childArgs()
const maker = await makerOf()
const emulator = await startEmulator({
  taskMs: 1,
  pendingMs: 1,
  slots: 1000,
  requestsPerSecond: 100_000,
  maker,
})
await build({
  root,
  configFile: false,
  logLevel: 'error',
  plugins: [
    meshy({
      baseUrl: emulator.url,
      apiKey: emulator.apiKey,
      mode: 'generate',
      maxCredits: emulator.balance,
      concurrency: 8,
      requestsPerSecond: 10_000,
      ...options,
    }),
  ],
  build: { write: false, rollupOptions: { input: path.join(root, entry) } },
})
report({ posts: emulator.counts.posts })

async function makerOf() {
  if (modelBytes !== undefined) return createSizedMaker(modelBytes)
  return modelFile === undefined ? undefined : createFileMaker(await readFile(modelFile))
}
