import { createHash } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname, networkInterfaces } from 'node:os'
import { hasErrno } from './errors.ts'

/** Variables of the environment by name. */
export type Environment = Record<string, string | undefined>

/** Identifies a process, so that others can tell later whether it is still running. */
interface ProcessIdentity {
  pid: number
  /** Its start time, in the system's own unit; `null` if the system does not report it. */
  born: string | null
  /** The namespace of `pid`: one boot of one machine, and one container on it. */
  host: string
}

/**
 * What is known about a process: `unknown` if it is out of sight, or if its pid may belong to another process by now.
 */
export type Liveness = 'alive' | 'gone' | 'unknown'

/** The identity of this process. All of its worker threads share it. */
export function currentProcess(): ProcessIdentity {
  return { pid: process.pid, born: birthOf(process.pid) ?? null, host: currentHost() }
}

/** Whether a process is still running, as far as that is visible from here. */
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
 * Field 22 of `/proc/<pid>/stat`. A killed process that nobody has reaped, as in a container without an init, still
 * answers to signals. A zombie therefore counts as born `dead`, which no living process is.
 */
function birthOf(pid: number): string | undefined {
  const stat = readIfThere(`/proc/${pid}/stat`)
  if (stat === undefined) return undefined
  // The second field is the program's name in parentheses, and may contain both spaces and parentheses.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return /[ZX]/.test(fields[0] ?? '') ? 'dead' : fields[19]
}

function currentHost(): string {
  const boot = readIfThere('/proc/sys/kernel/random/boot_id')?.trim()
  const space = ifThere(() => readlinkSync('/proc/self/ns/pid'))
  return hostOf({ boot, space, name: hostname(), networks: networkInterfaces() })
}

/** What distinguishes the pid namespace of one machine from those of others. */
export interface HostFacts {
  boot: string | undefined
  space: string | undefined
  /** Two machines may have the same name. */
  name: string
  networks: ReturnType<typeof networkInterfaces>
}

/**
 * If the system does not report a boot, the addresses of its network cards supplement the name, because
 * "MacBook-Pro.local" may be any machine. With another dock or VPN, the same machine counts as another host, whose
 * leases are then judged by their heartbeat.
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
