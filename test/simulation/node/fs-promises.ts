// In the place of `node:fs/promises`: the disk of the machine whose process asks.
import { current, diskOf, timeOn, world } from '../machine.ts'
import { errno, syncNode, type Disk, type File, type Node } from '../disk.ts'
import { randomHex } from './crypto.ts'

interface Opened {
  node: Node
  path: string
}

const files = new Map<number, Opened>()
let descriptors = 10

/** Closes what processes left open that were killed. To be called between two worlds. */
export function closeAll(): void {
  files.clear()
  descriptors = 10
}

export function opened(fd: number): Opened {
  const found = files.get(fd)
  if (!found) throw errno('EBADF', 'fd', String(fd))
  return found
}

function operate<T>(call: string, path: string, effect: (disk: Disk, now: number) => T): Promise<T> {
  const { machine } = current()
  return world().operation(call, path, () => effect(diskOf(machine, path), timeOn(machine)))
}

class Handle {
  readonly fd: number
  #position = 0

  constructor(opened: Opened) {
    this.fd = descriptors++
    files.set(this.fd, opened)
  }

  write(chunk: Uint8Array, from: number, length: number): Promise<{ bytesWritten: number }> {
    return this.#on('write', (file, now) => {
      append(file, Buffer.from(chunk.subarray(from, from + length)), now)
      return { bytesWritten: length }
    })
  }

  writeFile(data: string | Uint8Array): Promise<void> {
    return this.#on('write', (file, now) => append(file, Buffer.from(data as Uint8Array), now))
  }

  read(
    buffer: Buffer,
    offset: number,
    length: number,
    position?: number | null,
  ): Promise<{ bytesRead: number; buffer: Buffer }> {
    return this.#on('read', (file) => {
      const at = position ?? this.#position
      const bytesRead = file.data.copy(buffer, offset, at, at + length)
      if (typeof position !== 'number') this.#position += bytesRead
      return { bytesRead, buffer }
    })
  }

  sync(): Promise<void> {
    const { path } = opened(this.fd)
    return operate('sync', path, () => syncNode(opened(this.fd).node))
  }

  stat(): Promise<Stats> {
    const { path } = opened(this.fd)
    return operate('fstat', path, () => statsOf(opened(this.fd).node))
  }

  close(): Promise<void> {
    // Nobody else sees it.
    files.delete(this.fd)
    return Promise.resolve()
  }

  #on<T>(call: string, effect: (file: File, now: number) => T): Promise<T> {
    const { path } = opened(this.fd)
    return operate(call, path, (_, now) => {
      const { node } = opened(this.fd)
      if (node.kind === 'folder') throw errno('EISDIR', call, path)
      return effect(node, now)
    })
  }
}

function append(file: File, chunk: Buffer, now: number): void {
  file.data = file.data.length === 0 ? chunk : Buffer.concat([file.data, chunk])
  file.modifiedAt = now
  file.changedAt = now
}

export function open(path: string, flags: string): Promise<Handle> {
  return operate(`open ${flags}`, path, (disk, now) => {
    if (flags === 'wx') return new Handle({ node: disk.create('open', path, { now, exclusive: true }), path })
    const node = disk.find(path)
    if (!node) throw errno('ENOENT', 'open', path)
    return new Handle({ node, path })
  })
}

export function readFile(path: string, encoding?: BufferEncoding): Promise<Buffer | string> {
  return operate('read', path, (disk) => {
    const { data } = disk.file('open', path)
    return encoding ? data.toString(encoding) : Buffer.from(data)
  })
}

export function writeFile(path: string, data: string | Uint8Array, { flag = 'w' } = {}): Promise<void> {
  return operate('write', path, (disk, now) => {
    const file = disk.create('open', path, { now, exclusive: flag === 'wx' })
    file.data = Buffer.from(data as Uint8Array)
    file.modifiedAt = now
    file.changedAt = now
  })
}

export function rename(from: string, to: string): Promise<void> {
  return operate('rename', to, (disk, now) => disk.rename(from, to, now))
}

export function rm(path: string, { force = false } = {}): Promise<void> {
  return operate('rm', path, (disk) => disk.remove(path, force))
}

export function mkdir(path: string): Promise<void> {
  return operate('mkdir', path, (disk, now) => disk.makeFolder(path, now))
}

export function mkdtemp(prefix: string): Promise<string> {
  const path = prefix + randomHex(3)
  return operate('mkdtemp', path, (disk, now) => {
    disk.makeFolder(path, now)
    return path
  })
}

export function readdir(path: string): Promise<string[]> {
  return operate('readdir', path, (disk) => {
    const node = disk.find(path)
    if (!node) throw errno('ENOENT', 'scandir', path)
    if (node.kind === 'file') throw errno('ENOTDIR', 'scandir', path)
    return [...node.names.keys()]
  })
}

export function link(existing: string, path: string): Promise<void> {
  return operate('link', path, (disk, now) => disk.link(existing, path, now))
}

export function copyFile(from: string, to: string): Promise<void> {
  return operate('copy', to, (disk, now) => {
    const { machine } = current()
    const { data } = diskOf(machine, from).file('copyfile', from)
    const file = disk.create('copyfile', to, { now, exclusive: false })
    file.data = data
    file.modifiedAt = now
    file.changedAt = now
  })
}

export function utimes(path: string, _accessed: Date, modified: Date): Promise<void> {
  return operate('utimes', path, (disk, now) => {
    const node = disk.find(path)
    if (!node) throw errno('ENOENT', 'utime', path)
    touch(node, modified, now)
  })
}

export function touch(node: Node, modified: Date, now: number): void {
  node.modifiedAt = modified.getTime()
  node.changedAt = now
}

interface Stats {
  size: number
  ino: number
  mode: number
  uid: number
  nlink: number
  mtimeMs: number
  ctimeMs: number
  isFile(): boolean
  isDirectory(): boolean
}

export function statsOf(node: Node): Stats {
  const isFile = node.kind === 'file'
  return {
    size: isFile ? node.data.length : 0,
    ino: node.id,
    mode: isFile ? 0o100644 : 0o40755,
    uid: 1000,
    nlink: isFile ? node.links : 1,
    mtimeMs: node.modifiedAt,
    ctimeMs: node.changedAt,
    isFile: () => isFile,
    isDirectory: () => !isFile,
  }
}

export function stat(path: string, { bigint = false } = {}): Promise<unknown> {
  return operate('stat', path, (disk) => {
    const node = disk.find(path)
    if (!node) throw errno('ENOENT', 'stat', path)
    return bigint ? exactStatsOf(node) : statsOf(node)
  })
}

function exactStatsOf(node: Node) {
  const { size, ino, mtimeMs, ctimeMs, isFile, isDirectory } = statsOf(node)
  return {
    size: BigInt(size),
    ino: BigInt(ino),
    mtimeMs: BigInt(mtimeMs),
    ctimeMs: BigInt(ctimeMs),
    mtimeNs: BigInt(mtimeMs) * 1_000_000n,
    ctimeNs: BigInt(ctimeMs) * 1_000_000n,
    isFile,
    isDirectory,
  }
}

export function access(path: string): Promise<void> {
  return operate('access', path, (disk) => {
    if (!disk.find(path)) throw errno('ENOENT', 'access', path)
  })
}

/** There are no links here, and no rights. */
export async function realpath(path: string): Promise<string> {
  await access(path)
  return path
}

export async function readlink(path: string): Promise<string> {
  await access(path)
  throw errno('EINVAL', 'readlink', path)
}

export const chmod = access
