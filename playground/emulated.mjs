import { startEmulator } from 'unplugin-meshy/emulator'

/**
 * Starts the embedded emulator and points the plugin at it, whatever key and address the environment contains: the
 * playground never pays.
 *
 * @param {{ taskSeconds: number }} options how long a model takes
 */
export async function startPlaygroundEmulator({ taskSeconds }) {
  const emulator = await startEmulator({ taskMs: taskSeconds * 1000 })
  const { kind, reason } = await emulator.models()
  if (kind === 'card') console.warn(`\nThe models are cards with the images: ${reason}\n`)
  process.env.MESHY_BASE_URL = emulator.url
  process.env.MESHY_API_KEY = emulator.apiKey
  process.env.MESHY_MODE = 'generate'
  process.env.MESHY_MAX_CREDITS = String(emulator.balance)
  return emulator
}
