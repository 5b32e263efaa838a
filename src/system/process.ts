import { createHash } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname, networkInterfaces } from 'node:os'
import { hasErrno } from './errors.ts'

/** A process, so that others can tell later whether it still runs. */
export interface ProcessIdentity {
  pid: number
  /** When it was started, in the system's own unit; `null` where the system does not say. */
  born: string | null
  /** The space that `pid` counts in: one boot of one machine, and one container of it. */
  host: string
}

/** What can be said about a process: `unknown` when it is out of sight, or its pid may be another's by now. */
export type Liveness = 'alive' | 'gone' | 'unknown'

/** The identity of this process. All its worker threads have the same one. */
export function currentProcess(): ProcessIdentity {
  return { pid: process.pid, born: birthOf(process.pid) ?? null, host: currentHost() }
}

/** Whether a process still runs, as far as it can be seen from here. */
export function livenessOf(other: ProcessIdentity, self = currentProcess()): Liveness {
  if (other.host !== self.host) return 'unknown'
  if (!pidExists(other.pid)) return 'gone'
  const born = birthOf(other.pid)
  if (born === undefined || other.born === null) return 'unknown'
  return born === other.born ? 'alive' : 'gone'
}

function pidExists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: it exists and belongs to someone else.
    if (hasErrno(error, 'EPERM')) return true
    if (hasErrno(error, 'ESRCH')) return false
    throw error
  }
}

/**
 * Field 22 of `/proc/<pid>/stat`. A killed process that nobody has reaped, as in a container without an init,
 * still answers to signals; so a zombie was born `dead`, which is never anybody's birth.
 */
function birthOf(pid: number): string | undefined {
  const stat = readIfThere(`/proc/${pid}/stat`)
  if (stat === undefined) return undefined
  // The second field is the program's name in parentheses, and may hold both spaces and parentheses.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return /[ZX]/.test(fields[0] ?? '') ? 'dead' : fields[19]
}

function currentHost(): string {
  const boot = readIfThere('/proc/sys/kernel/random/boot_id')?.trim()
  const space = ifThere(() => readlinkSync('/proc/self/ns/pid'))
  return hostOf({ boot, space, name: hostname(), networks: networkInterfaces() })
}

/** What tells the space of pids of one machine from those of others. */
export interface HostFacts {
  boot: string | undefined
  space: string | undefined
  /** Two machines may have the same. */
  name: string
  networks: ReturnType<typeof networkInterfaces>
}

/**
 * Where the system tells of no boot, the addresses of its network cards stand beside the name: "MacBook-Pro.local" may be
 * anybody. Another dock or VPN makes another host of the same machine, whose leases are then judged by their beat.
 */
export function hostOf({ boot, space, name, networks }: HostFacts): string {
  if (boot !== undefined) return [boot, space ?? name].join(' ')
  const cards = Object.values(networks).flatMap((addresses) => addresses?.map(({ mac }) => mac) ?? [])
  const known = [...new Set(cards)].filter((mac) => !/^[0:]*$/.test(mac)).sort()
  const digest = createHash('sha256').update(known.join(' ')).digest('hex').slice(0, 16)
  return [name, digest].join(' ')
}

function readIfThere(file: string): string | undefined {
  return ifThere(() => readFileSync(file, 'utf8'))
}

function ifThere<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    // ESRCH: the process ended between opening and reading. EACCES: /proc is mounted with hidepid.
    if (hasErrno(error, 'ENOENT', 'ESRCH', 'ENOTDIR', 'EACCES')) return undefined
    throw error
  }
}
