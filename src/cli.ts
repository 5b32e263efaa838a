#!/usr/bin/env node
import { main } from './cli/main.ts'
import { runCommandLine } from './cli/run.ts'

// `unplugin-meshy status | head` ends the reading, which is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
})
process.exitCode = await runCommandLine(main, process.argv.slice(2))
