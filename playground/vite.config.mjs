import { defineConfig } from 'vite'
import meshy from 'unplugin-meshy/vite'

export default defineConfig({
  // The page is JavaScript, and the nearest tsconfig.json is that of this repository.
  plugins: [meshy({ dts: false })],
  // Three.js alone is larger than the size that Vite warns about.
  build: {
    chunkSizeWarningLimit: 1000,
    // A build that waits for models is slow because of one plugin, and knows it.
    rolldownOptions: { checks: { pluginTimings: false } },
  },
})
