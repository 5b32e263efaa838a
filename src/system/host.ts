import { MeshyError } from './errors.ts'

/** Whether a host name, as in `URL.hostname`, always refers to this machine. */
export function isLoopback(hostname: string): boolean {
  return (
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    hostname === '[::1]' ||
    /^127\.\d+\.\d+\.\d+$/.test(hostname)
  )
}

/**
 * Validates the address of the API, and returns it without a trailing slash.
 *
 * It must be https, or http on this machine, because the API key is sent to it.
 *
 * @throws {MeshyError} `MESHY_OPTIONS_INVALID`
 */
export function assertBaseUrl(value: string): string {
  if (!URL.canParse(value)) throw invalid('is not a URL')
  const url = new URL(value)
  if (url.username || url.password) throw invalid('contains a user name or password')
  const shown = `\`${url.origin === 'null' ? url.protocol : url.origin + url.pathname}\``
  if (url.search || url.hash) throw invalid(`contains a query or fragment after ${shown}`)
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url.hostname))) {
    throw invalid(`is ${shown}, to which the API key would be sent unencrypted`)
  }
  return url.href.replace(/\/+$/, '')
}

function invalid(problem: string): MeshyError {
  return new MeshyError('MESHY_OPTIONS_INVALID', {
    message: `The option \`baseUrl\` ${problem}; expected an https URL like \`https://api.meshy.ai\`, or http on this machine.`,
    hint: 'Fix `baseUrl` or MESHY_BASE_URL.',
  })
}
