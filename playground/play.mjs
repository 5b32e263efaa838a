// Opens the playground in Vite's dev server against the embedded emulator: stand-ins first, models as they arrive. `npm
// run play`
import { fileURLToPath } from 'node:url'
import { createServer } from 'vite'
import { startPlaygroundEmulator } from './emulated.mjs'

const root = fileURLToPath(new URL('.', import.meta.url))
const emulator = await startPlaygroundEmulator({ taskSeconds: 15 })
const server = await createServer({ root })
server.httpServer.once('close', () => emulator.close())
await server.listen()
server.printUrls()
console.log('\n  A model takes 15 seconds here; until then its stand-in is shown.')
console.log('  Delete playground/.meshy and playground/meshy-lock.json to see that again.\n')
server.bindCLIShortcuts({ print: true })
