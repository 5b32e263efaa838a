import { MeshyError } from '../system/errors.ts'
import type { CommandedBuild } from './commanded-build.ts'
import { EXIT } from './exit-code.ts'
import { printError } from './print.ts'

/** Says what is run, so that nobody wonders. */
export function announceCommand(command: readonly string[], isPlan: boolean): void {
  const where = isPlan ? ' in a copy of the project, which stays unchanged' : ''
  printError(`meshy: running \`${command.join(' ')}\`${where}`)
}

/**
 * The exit code of a build that a command ran: its own where it failed, else `code`.
 *
 * @throws {MeshyError} MESHY_PLUGIN_UNSEEN when it went well, and no part of it has the plugin
 */
export function outcomeOf(
  { exitCode, isSeen }: CommandedBuild,
  command: readonly string[],
  code: number,
): number {
  const text = `\`${command.join(' ')}\``
  if (exitCode !== EXIT.ok) {
    printError(`meshy: ${text} failed with exit code ${exitCode}; there may be more models than it reached.`)
    return exitCode
  }
  if (isSeen) return code
  throw new MeshyError('MESHY_PLUGIN_UNSEEN', {
    message: `${text} succeeded, but no bundler that it ran has the plugin.`,
    hint: 'Add `unplugin-meshy` to the plugins of the build, pass the right command after `--`, or turn off the cache of the task runner.',
  })
}

export function notDetected(root: string): MeshyError {
  return new MeshyError('MESHY_VITE_MISSING', {
    message: `\`${root}\` has no \`build\` script, no known framework and no config of a known bundler.`,
    hint: 'Pass the build command, as in `unplugin-meshy plan -- npm run build`, or the project with `--root`.',
  })
}
