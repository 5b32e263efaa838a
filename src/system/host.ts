import { BlockList, isIPv6 } from 'node:net'
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

/** Addresses of private networks, or of no place at all; IPv4 addresses count even if they are written as IPv6. */
const PRIVATE: readonly [net: string, prefix: number][] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['::', 127],
  ['fc00::', 7],
  ['fe80::', 10],
]

/** Whether a host name, as in `URL.hostname`, is this machine, or an address outside the internet. */
export function isPrivateHost(hostname: string): boolean {
  const address = hostname.replace(/^\[|[\].]$/g, '')
  if (isLoopback(hostname) || isLoopback(address)) return true
  const blocked = new BlockList()
  for (const [net, prefix] of PRIVATE) blocked.addSubnet(net, prefix, familyOf(net))
  return blocked.check(address, familyOf(address))
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv6(address) ? 'ipv6' : 'ipv4'
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
