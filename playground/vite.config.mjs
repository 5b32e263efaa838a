import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'
import meshy from 'unplugin-meshy/vite'

export default defineConfig({
  // The nearest package.json and tsconfig.json are those of this repository, and the playground leaves nothing beside them.
  plugins: [
    meshy({ cacheDir: inPlayground('.meshy'), lockfile: inPlayground('meshy-lock.json'), dts: false }),
  ],
  // Three.js alone is larger than the size from which Vite warns.
  build: {
    chunkSizeWarningLimit: 1000,
    // A build that waits for models is slow because of one plugin, and we know it.
    rolldownOptions: { checks: { pluginTimings: false } },
  },
})

function inPlayground(name) {
  return fileURLToPath(new URL(name, import.meta.url))
}
