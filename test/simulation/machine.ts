import type { Disk } from './disk.ts'
import type { Process, Scheduler } from './scheduler.ts'

/** A computer of the simulation. */
export interface Machine {
  name: string
  /** Its own disk; what is below {@link SHARED} is on that of a server, where there is one. */
  disk: Disk
  shared: Disk | undefined
  /** How far its clock is ahead, in milliseconds. */
  ahead: number
  /** Counts up with each start of the machine. */
  boots: number
  processes: Process[]
}

/** Where a machine has the folder that several share. */
export const SHARED = '/net'

/** What the modules in the place of Node's ask: one world at a time, and whose turn it is in it. */
export const here: Here = {
  scheduler: undefined,
  random: () => 0.5,
  fetch: () => Promise.reject(new Error('There is no network')),
  bucket: { objects: new Map(), mishap: () => 'none' },
}

interface Here {
  scheduler: Scheduler | undefined
  random: () => number
  fetch: (input: string | URL, init?: RequestInit) => Promise<Response>
  bucket: Bucket
}

/** What a team shares. */
export interface Bucket {
  objects: Map<string, Buffer>
  mishap: () => 'none' | 'down' | 'answer lost'
  /** The end of an outage, in the time of the world. */
  downUntil?: number
}

export function world(): Scheduler {
  if (!here.scheduler) throw new Error('There is no world')
  return here.scheduler
}

export function current(): Process {
  const { current } = world()
  if (!current) throw new Error('It is nobody’s turn')
  return current
}

/** Milliseconds since 1970 by the clock of a machine. */
export function timeOn(machine: Machine): number {
  return world().now + machine.ahead
}

export function diskOf({ disk, shared }: Machine, path: string): Disk {
  return shared && path.startsWith(SHARED) ? shared : disk
}
