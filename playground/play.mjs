// Opens the playground in Vite's dev server on the embedded emulator: stand-ins first, models as they land. `npm run play`
import { fileURLToPath } from 'node:url'
import { createServer } from 'vite'
import { startPlaygroundEmulator } from './emulated.mjs'

const root = fileURLToPath(new URL('.', import.meta.url))
const emulator = await startPlaygroundEmulator({ taskSeconds: 15 })
const server = await createServer({ root })
server.httpServer.once('close', () => emulator.close())
await server.listen()
server.printUrls()
server.bindCLIShortcuts({ print: true })
