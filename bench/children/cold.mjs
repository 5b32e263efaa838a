// A build that generates every model, against an emulator with the limits of an account.
import path from 'node:path'
import { startEmulator } from 'unplugin-meshy/emulator'
import meshy from 'unplugin-meshy/vite'
import { build } from 'vite'
import { childArgs, report } from '../lib/child.mjs'

const { root, entry, taskMs, slots, requestsPerSecond } = childArgs()
const emulator = await startEmulator({ taskMs, slots, requestsPerSecond, models: 'card' })
const plugin = meshy({
  baseUrl: emulator.url,
  apiKey: emulator.apiKey,
  mode: 'generate',
  maxCredits: emulator.balance,
  concurrency: slots,
})
const start = performance.now()
await build({
  root,
  configFile: false,
  logLevel: 'silent',
  plugins: [plugin],
  build: { rollupOptions: { input: path.join(root, entry) } },
})
const { posts, limited, downloads, total } = emulator.counts
report({ ms: performance.now() - start, posts, limited, requests: total - downloads })
