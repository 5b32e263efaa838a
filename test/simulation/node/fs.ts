// In the place of `node:fs`: what is asked at once, and what tells of processes.
import { constants } from 'node:fs'
import { errno, syncNode } from '../disk.ts'
import { current, diskOf, timeOn, world } from '../machine.ts'
import { opened, touch } from './fs-promises.ts'

export { constants }

type Callback = (error: NodeJS.ErrnoException | null) => void

/** A URL is that of a program of ours, for a thread: there are none here. */
export function existsSync(path: string | URL): boolean {
  return typeof path === 'string' && diskOf(current().machine, path).find(path) !== undefined
}

export function fsync(fd: number, done: Callback): void {
  void answer(async () => world().operation('sync', opened(fd).path, () => syncNode(opened(fd).node)), done)
}

export function futimes(fd: number, _accessed: Date, modified: Date, done: Callback): void {
  const { machine } = current()
  const beat = () => touch(opened(fd).node, modified, timeOn(machine))
  void answer(async () => world().operation('beat', opened(fd).path, beat), done)
}

/** Also what is said of a descriptor that was closed meanwhile. */
async function answer(operation: () => Promise<void>, done: Callback): Promise<void> {
  const error = await operation().then(
    () => null,
    (error: NodeJS.ErrnoException) => error,
  )
  done(error)
}

/** `/proc` of Linux, as far as it is read. */
export function readFileSync(path: string): string {
  const { machine } = current()
  if (path === '/proc/sys/kernel/random/boot_id') return `${machine.name}-boot-${machine.boots}\n`
  const pid = Number(/^\/proc\/(\d+)\/stat$/.exec(path)?.[1])
  const process = machine.processes.find((other) => other.pid === pid && world().isAlive(other))
  if (!process) throw errno('ENOENT', 'open', path)
  return `${pid} (node) S ${'0 '.repeat(18)}${process.pid * 100} 0`
}

export function readlinkSync(): string {
  return 'pid:[1]'
}

export function rmSync(): void {}

/** For what is done elsewhere. */
function notHere(): never {
  throw new Error('It is not simulated')
}

export const openSync = notHere
export const readSync = notHere
export const closeSync = notHere
export const createReadStream = notHere
