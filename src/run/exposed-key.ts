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
    message: `\`${name}\` holds the API key, and \`envPrefix\` gives it to every page as \`import.meta.env.${name}\`.`,
    hint:
      name === 'MESHY_API_KEY'
        ? 'Take what it begins with out of `envPrefix`: the plugin reads MESHY_API_KEY by itself.'
        : `Unset \`${name}\`: the plugin reads MESHY_API_KEY. If it was published before, make a new key.`,
    details: { name },
  })
  if (isKept) throw error
  notices.once(`${error.message} ${error.hint}`)
}
