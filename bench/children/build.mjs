// One production build with Vite 8. The time is that of `build()`; the time to load the plugin is reported separately.
import { rm } from 'node:fs/promises'
import path from 'node:path'
import { build } from 'vite'
import { childArgs, report } from '../lib/child.mjs'

const { root, entry, plugin } = childArgs()
const outDir = path.join(root, 'dist')
await rm(outDir, { recursive: true, force: true })
const beginning = performance.now()
const plugins = await loadPlugins()
const start = performance.now()
const cpuStart = process.cpuUsage()
await build({
  root,
  configFile: false,
  logLevel: 'silent',
  plugins,
  build: { outDir, rollupOptions: { input: path.join(root, entry) } },
})
const ms = performance.now() - start
const { user, system } = process.cpuUsage(cpuStart)
report({ ms, cpuMs: (user + system) / 1000, loadMs: start - beginning })

async function loadPlugins() {
  if (plugin?.meshy) return [(await import('unplugin-meshy/vite')).default(plugin.meshy)]
  if (plugin?.imagetools) return [(await import('vite-imagetools')).imagetools(plugin.imagetools)]
  return []
}
