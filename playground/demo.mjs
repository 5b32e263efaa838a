// Builds the playground on the embedded emulator: no key, no network, no credits. `npm run demo`
import { fileURLToPath } from 'node:url'
import { build } from 'vite'
import { startPlaygroundEmulator } from './emulated.mjs'
import { formatTable } from './table.mjs'

const root = fileURLToPath(new URL('.', import.meta.url))
const emulator = await startPlaygroundEmulator({ taskSeconds: 2 })
try {
  const plugin = await buildPlayground()
  const { models } = await plugin.api.report()
  printReport(models, emulator.counts.total)
} finally {
  await emulator.close()
}

async function buildPlayground() {
  let plugin
  const finder = {
    name: 'find-unplugin-meshy',
    configResolved({ plugins }) {
      plugin = plugins.find(({ name }) => name === 'unplugin-meshy')
    },
  }
  await build({ root, plugins: [finder] })
  return plugin
}

function printReport(models, requests) {
  const headings = ['model', 'key', 'triangles', 'bytes', 'credits', 'seconds', 'from']
  const rows = models.map(({ image, key, triangles, bytes, credits, seconds, origin }) => {
    return [image, key, triangles, bytes, credits, seconds, origin]
  })
  console.log(`\n${formatTable(headings, rows)}\n`)

  const credits = models.reduce((sum, model) => sum + model.credits, 0)
  const spent = `${requests} requests, ${credits} credits`
  console.log(
    models.every(({ origin }) => origin === 'cache')
      ? `All ${models.length} models came from the cache: ${spent}.`
      : `${models.length} models: ${spent}, all of them the emulator's. Run it again to get them from the cache.`,
  )
  console.log('To look at them: npx vite preview playground')
}
