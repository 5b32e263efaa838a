import { defineConfig } from 'vite'
import meshy from 'unplugin-meshy/vite'

export default defineConfig({
  plugins: [meshy()],
  // Three.js alone is larger than the size that Vite warns about.
  build: { chunkSizeWarningLimit: 1000 },
})
