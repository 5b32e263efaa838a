import { MeshyError } from './errors.ts'
import { isLoopback } from './loopback.ts'

/**
 * Checks the address of the API, and returns it without a trailing slash.
 *
 * It must be https, or http on this machine: the key travels to it.
 *
 * @throws {MeshyError} `MESHY_OPTIONS_INVALID`
 */
export function assertBaseUrl(value: string): string {
  if (!URL.canParse(value)) throw invalid('is no URL')
  const url = new URL(value)
  if (url.username || url.password) throw invalid('holds a user name or password')
  const shown = `\`${url.origin === 'null' ? url.protocol : url.origin + url.pathname}\``
  if (url.search || url.hash) throw invalid(`holds a query or fragment after ${shown}`)
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url.hostname))) {
    throw invalid(`is ${shown}, to which the API key would travel in the clear`)
  }
  return url.href.replace(/\/+$/, '')
}

function invalid(problem: string): MeshyError {
  return new MeshyError('MESHY_OPTIONS_INVALID', {
    message: `The option \`baseUrl\` ${problem}; expected an https URL like \`https://api.meshy.ai\`, or http on this machine.`,
    hint: 'Fix `baseUrl` or MESHY_BASE_URL.',
  })
}
