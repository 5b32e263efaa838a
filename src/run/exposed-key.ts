import { MeshyError } from '../system/errors.ts'
import type { RunPorts } from './context.ts'
import type { Environment } from './environment.ts'

/**
 * Tells of a variable that a bundler puts into the code of a page, and that holds the key.
 *
 * @param published the variables that go there, by name
 * @throws {MeshyError} MESHY_KEY_EXPOSED in a run whose output is kept
 */
export function assertKeyHidden(
  { options, reporter: { notices } }: Pick<RunPorts, 'options' | 'reporter'>,
  published: Environment,
  { isKept }: { isKept: boolean },
): void {
  const name = Object.keys(published).find(
    (one) => published[one] && (one === 'MESHY_API_KEY' || published[one] === options.apiKey),
  )
  if (name === undefined) return
  const error = new MeshyError('MESHY_KEY_EXPOSED', {
    message: `\`${name}\` contains the API key, and \`envPrefix\` exposes it to every page as \`import.meta.env.${name}\`.`,
    hint:
      name === 'MESHY_API_KEY'
        ? 'Remove its prefix from `envPrefix`. The plugin reads MESHY_API_KEY by itself.'
        : `Unset \`${name}\`; the plugin reads MESHY_API_KEY. If the key was ever published, create a new one.`,
    details: { name },
  })
  if (isKept) throw error
  notices.once(`${error.message} ${error.hint}`)
}
