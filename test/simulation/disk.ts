import type { Chance } from './chance.ts'

export interface File {
  kind: 'file'
  id: number
  /** Never changed in place. */
  data: Buffer
  /** What a power cut leaves of it: unset before it was first synced. */
  synced: Buffer | undefined
  changedAt: number
  modifiedAt: number
  links: number
}

export interface Folder {
  kind: 'folder'
  id: number
  names: Map<string, File | Folder>
  /** What a power cut leaves of it. */
  synced: Map<string, File | Folder>
  changedAt: number
  modifiedAt: number
}

export type Node = File | Folder

/** What a power cut does to what was not synced: nothing of it is left, or each thing by chance. */
export type Loss = 'all' | 'some'

const EMPTY = Buffer.alloc(0)

/** Files in memory: what programs see, and what would be left if the power went off now. */
export class Disk {
  root: Folder
  #ids = 1

  constructor() {
    this.root = this.#folder(0)
  }

  find(path: string): Node | undefined {
    let node: Node = this.root
    for (const name of partsOf(path)) {
      if (node.kind !== 'folder') return undefined
      const next = node.names.get(name)
      if (!next) return undefined
      node = next
    }
    return node
  }

  /** The folder above a path and the last name. @throws ENOENT, ENOTDIR */
  above(call: string, path: string): { folder: Folder; name: string } {
    const cut = path.lastIndexOf('/')
    const folder = this.find(path.slice(0, cut))
    if (!folder) throw errno('ENOENT', call, path)
    if (folder.kind !== 'folder') throw errno('ENOTDIR', call, path)
    return { folder, name: path.slice(cut + 1) }
  }

  file(call: string, path: string): File {
    const node = this.find(path)
    if (!node) throw errno('ENOENT', call, path)
    if (node.kind === 'folder') throw errno('EISDIR', call, path)
    return node
  }

  create(call: string, path: string, { now, exclusive }: { now: number; exclusive: boolean }): File {
    const { folder, name } = this.above(call, path)
    const found = folder.names.get(name)
    if (found && exclusive) throw errno('EEXIST', call, path)
    if (found?.kind === 'folder') throw errno('EISDIR', call, path)
    if (found) return found
    const file: File = {
      kind: 'file',
      id: this.#ids++,
      data: EMPTY,
      synced: undefined,
      changedAt: now,
      modifiedAt: now,
      links: 1,
    }
    folder.names.set(name, file)
    return file
  }

  makeFolder(path: string, now: number): void {
    const { folder, name } = this.above('mkdir', path)
    if (folder.names.has(name)) throw errno('EEXIST', 'mkdir', path)
    folder.names.set(name, this.#folder(now))
  }

  rename(from: string, to: string, now: number): void {
    const source = this.above('rename', from)
    const node = source.folder.names.get(source.name)
    if (!node) throw errno('ENOENT', 'rename', from)
    const target = this.above('rename', to)
    const replaced = target.folder.names.get(target.name)
    if (replaced?.kind === 'folder') throw errno('EISDIR', 'rename', to)
    if (replaced === node) return
    if (replaced) replaced.links -= 1
    source.folder.names.delete(source.name)
    target.folder.names.set(target.name, node)
    node.changedAt = now
  }

  link(existing: string, path: string, now: number): void {
    const file = this.file('link', existing)
    const { folder, name } = this.above('link', path)
    if (folder.names.has(name)) throw errno('EEXIST', 'link', path)
    folder.names.set(name, file)
    file.links += 1
    file.changedAt = now
  }

  remove(path: string, force: boolean): void {
    const folder = this.find(path.slice(0, path.lastIndexOf('/')))
    const name = path.slice(path.lastIndexOf('/') + 1)
    const node = folder?.kind === 'folder' ? folder.names.get(name) : undefined
    if (!node || folder?.kind !== 'folder') {
      if (force) return
      throw errno('ENOENT', 'rm', path)
    }
    if (node.kind === 'file') node.links -= 1
    folder.names.delete(name)
  }

  /** The power goes off, and on again. */
  cut(chance: Chance, loss: Loss): void {
    const isKept = () => loss === 'some' && chance.happens(0.5)
    cutFolder(this.root, isKept)
  }

  /** Everything as it is, as if all of it was synced: what worlds begin with. */
  clone(): Disk {
    const copy = new Disk()
    copy.root = cloneFolder(this.root)
    copy.#ids = this.#ids
    return copy
  }

  #folder(now: number): Folder {
    return {
      kind: 'folder',
      id: this.#ids++,
      names: new Map(),
      synced: new Map(),
      changedAt: now,
      modifiedAt: now,
    }
  }
}

export function syncNode(node: Node): void {
  if (node.kind === 'file') node.synced = node.data
  else node.synced = new Map(node.names)
}

export function errno(code: string, syscall: string, path: string): NodeJS.ErrnoException {
  const error: NodeJS.ErrnoException = new Error(`${code}: ${syscall} '${path}'`)
  error.code = code
  error.syscall = syscall
  error.path = path
  return error
}

/** Most paths are asked for again and again; those with a chance in them are not worth keeping. */
const parts = new Map<string, readonly string[]>()
const MAX_PATHS = 5_000

function partsOf(path: string): readonly string[] {
  const known = parts.get(path)
  if (known) return known
  if (parts.size >= MAX_PATHS) parts.clear()
  const made = path.split('/').filter(Boolean)
  parts.set(path, made)
  return made
}

function cutFolder(folder: Folder, isKept: () => boolean): void {
  const names = new Map(folder.synced)
  for (const name of new Set([...folder.names.keys(), ...folder.synced.keys()])) {
    const [seen, synced] = [folder.names.get(name), folder.synced.get(name)]
    if (seen === synced || !isKept()) continue
    if (seen) names.set(name, seen)
    else names.delete(name)
  }
  folder.names = names
  folder.synced = new Map(names)
  for (const node of names.values()) {
    if (node.kind === 'folder') cutFolder(node, isKept)
    else cutFile(node, isKept)
  }
}

/** What was not synced is there, or half of it, or as it was before. */
function cutFile(file: File, isKept: () => boolean): void {
  if (file.data === file.synced) return
  const [isThere, isWhole] = [isKept(), isKept()]
  if (!isThere) file.data = file.synced ?? EMPTY
  else if (!isWhole) file.data = file.data.subarray(0, file.data.length >> 1)
  file.synced = file.data
}

function cloneFolder(folder: Folder): Folder {
  const names = new Map<string, Node>()
  for (const [name, node] of folder.names) {
    names.set(name, node.kind === 'folder' ? cloneFolder(node) : { ...node, synced: node.data })
  }
  return { ...folder, names, synced: new Map(names) }
}
