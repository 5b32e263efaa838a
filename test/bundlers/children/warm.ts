import { build, createServer, type InlineConfig } from 'vite'
import meshy from '../../../src/vite.ts'

// One run of Vite in a process of its own: `warm.ts <root> build|serve <options as JSON>`. Says what the model's module is.
const [root = '', command, options = '{}'] = process.argv.slice(2)
const config = {
  root,
  configFile: false,
  logLevel: 'silent' as const,
  plugins: [meshy(JSON.parse(options))],
} satisfies InlineConfig
if (command === 'build') {
  await build({ ...config, build: { outDir: 'dist', rollupOptions: { input: `${root}/main.js` } } })
  console.log('built')
} else {
  const server = await createServer({ ...config, server: { port: 0, hmr: false } })
  const main = await server.transformRequest('/main.js')
  const [, url = ''] = /from "([^"]+hero[^"]+)"/.exec(main?.code ?? '') ?? []
  const model = await server.transformRequest(url)
  console.log(model?.code.includes('"ready"') ? 'served' : `no model: ${model?.code}`)
  await server.close()
}
