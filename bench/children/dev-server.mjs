// A dev server that runs until it is told to stop.
import { createServer } from 'vite'
import { childArgs } from '../lib/child.mjs'

const { root, meshy } = childArgs()
const server = await createServer({
  root,
  configFile: false,
  logLevel: 'silent',
  plugins: meshy ? [(await import('unplugin-meshy/vite')).default(meshy)] : [],
  server: { host: '127.0.0.1', port: 0 },
})
await server.listen()
process.send({ url: server.resolvedUrls.local[0] })
process.once('disconnect', () => process.exit(0))
