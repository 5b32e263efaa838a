import { existsSync } from 'node:fs'
import meshy from 'unplugin-meshy/vite'

/** The snippets of docs/snippets.md, as `npm run test:frameworks` writes them here: a page for each. */
const pages = ['three', 'react', 'babylon', 'viewer'].map((name) => `${name}.html`)

export default {
  plugins: [meshy()],
  build: {
    target: 'es2022',
    rollupOptions: { input: pages.filter((page) => existsSync(page)) },
  },
}
