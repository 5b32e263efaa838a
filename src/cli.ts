#!/usr/bin/env node
import { runCommandLine } from './cli/main.ts'

// `unplugin-meshy status | head` ends the reading, which is not a failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
})
process.exitCode = await runCommandLine(process.argv.slice(2))
