import type { ModelsInUse } from '../emulator/model-maker.ts'
import { startEmulator } from '../emulator/start-emulator.ts'
import { MeshyError, errnoOf } from '../system/errors.ts'
import { defineCommand, readNumber } from './command.ts'
import { printResult } from './print.ts'
import { UsageError } from './failure.ts'

/** Runs the emulator until it is stopped, and prints the variables to set. */
export const emulate = defineCommand({
  meta: { name: 'emulate', description: 'Run the Meshy API on this machine, offline and free.' },
  args: {
    host: { type: 'string', description: 'Address to listen on.', default: '127.0.0.1' },
    port: { type: 'string', description: 'Port of the API; 0 picks a free port.', default: '0' },
    seconds: { type: 'string', description: 'Seconds that a task takes.', default: '10' },
    credits: { type: 'string', description: 'Credits of the account.', default: '1000' },
    profile: {
      type: 'enum',
      options: ['current', 'reference'],
      description: 'Which version of the service to emulate: the current one, or the one in its reference.',
      default: 'current',
    },
    models: {
      type: 'enum',
      options: ['mesh', 'card'],
      description: 'What to serve: a model made from the image, or the image on a plate.',
      default: 'mesh',
    },
  },
  async run({ host, port, seconds, credits, profile, models, json }) {
    const emulator = await startEmulator({
      host,
      port: readPort(port),
      taskMs: readNumber('seconds', seconds, { least: 0, whole: false }) * 1000,
      credits: readNumber('credits', credits, { least: 0, whole: true }),
      profile: profile === 'reference' ? profile : 'current',
      models: models === 'card' ? models : 'mesh',
    }).catch((error: unknown) => refuseAddress(error, { host, port }))
    const { url, apiKey } = emulator
    const inUse = await emulator.models()
    printResult(json, { models: inUse, url, apiKey }, usageOf(url, apiKey, inUse))
    await untilStopped()
    await emulator.close()
  },
})

function refuseAddress(error: unknown, { host, port }: { host: string; port: string }): never {
  const code = errnoOf(error)
  if (code === undefined) throw error
  throw new MeshyError('MESHY_COMMAND_REFUSED', {
    message: `The emulator cannot listen on \`${host}:${port}\` (${code}).`,
    hint:
      code === 'EADDRINUSE'
        ? 'Choose another `--port`; 0 picks a free port.'
        : 'Choose another `--host` or `--port`.',
    cause: error,
  })
}

function usageOf(url: string, apiKey: string, { kind, reason }: ModelsInUse): string {
  return [
    `The emulated Meshy API is at ${url}. To use it:`,
    '',
    `  export MESHY_BASE_URL=${url}`,
    `  export MESHY_API_KEY=${apiKey}`,
    '',
    'Set them in every terminal that builds, or write them to `.env.local` without `export`. Its models count only there.',
    '',
    ...(kind === 'card' && reason ? [`Its models are cards with the images: ${reason}`, ''] : []),
    'Press Ctrl-C to stop.',
  ].join('\n')
}

function readPort(text: string): number {
  const port = readNumber('port', text, { least: 0, whole: true })
  if (port > 65_535) throw new UsageError(`\`--port\` is \`${text}\`; expected at most 65535.`)
  return port
}

/** Ctrl-C, and what process managers send. A second signal ends the process at once. */
async function untilStopped(): Promise<void> {
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve())
  })
}
