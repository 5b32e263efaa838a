import { defineCommand } from 'citty'
import { startEmulator } from '../emulator.ts'

/** Runs the emulator until it is stopped, and prints what to set to use it. */
export const emulate = defineCommand({
  meta: { name: 'emulate', description: 'Run the Meshy API on this machine, offline and free.' },
  args: {
    port: { type: 'string', description: 'Port of the API; 0 takes any that is free.', default: '0' },
    seconds: { type: 'string', description: 'Seconds that a task takes.', default: '10' },
    credits: { type: 'string', description: 'Credits of the account.', default: '1000' },
  },
  async run({ args }) {
    const emulator = await startEmulator({
      port: Number(args.port),
      taskMs: Number(args.seconds) * 1000,
      credits: Number(args.credits),
    })
    console.info(`The Meshy API is emulated at ${emulator.url}. To use it:\n`)
    console.info(`  export MESHY_BASE_URL=${emulator.url}`)
    console.info(`  export MESHY_API_KEY=${emulator.apiKey}\n`)
    console.info('Stop it with Ctrl-C.')
  },
})
