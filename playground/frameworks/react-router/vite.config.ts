import { reactRouter } from '@react-router/dev/vite'
import tailwindcss from '@tailwindcss/vite'
import meshy from 'unplugin-meshy/vite'
import { defineConfig } from 'vite'

export default defineConfig({
  plugins: [meshy(), tailwindcss(), reactRouter()],
  resolve: { tsconfigPaths: true },
})
