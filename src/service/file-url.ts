import { BlockList, isIPv6 } from 'node:net'
import { isLoopback } from '../system/host.ts'
import { MeshyError } from '../system/errors.ts'
import { failures } from '../system/failures.ts'
import { stripQuery } from '../system/redact.ts'

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
function isPrivateHost(hostname: string): boolean {
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
 * An address that a file may be fetched from: https, or http on this machine. A remote party, be it the API or a
 * redirect, must not send us to this machine or into a private network: what listens there is none of its business.
 */
export function assertFileUrl(text: string, from: URL): URL {
  if (!URL.canParse(text)) throw badUrl('something that is not a URL')
  const url = new URL(text)
  if (url.username || url.password) throw badUrl('an address with a user name or password')
  const isLocal = isLoopback(url.hostname)
  if (isLocal && !isLoopback(from.hostname)) throw badUrl(`\`${url.origin}\`, which is this machine`)
  if (isPrivateHost(url.hostname) && !isPrivateHost(from.hostname)) {
    throw badUrl(`\`${url.origin}\`, which is in a private network`)
  }
  if (url.protocol === 'https:' || (url.protocol === 'http:' && isLocal)) return url
  throw badUrl(`\`${stripQuery(url.href).slice(0, 200)}\``)
}

function badUrl(shown: string): MeshyError {
  return new MeshyError('MESHY_DOWNLOAD_URL', {
    message: `A file of the task would be fetched from ${shown}; expected an https address.`,
    hint: failures.MESHY_DOWNLOAD_URL.next,
  })
}
