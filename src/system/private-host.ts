import { BlockList, isIPv6 } from 'node:net'
import { isLoopback } from './loopback.ts'

/** Addresses that are somebody's own network, or no place at all; IPv4 ones count also where they are written as IPv6. */
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

/** Whether a host name, as in `URL.hostname`, is this machine, or an address of a network that is not the internet. */
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
