import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { readIfThere } from '../system/file.ts'

/** Where Yarn's Plug'n'Play stores the locations of all packages, relative to the file itself. */
const FILES = ['.pnp.cjs', '.pnp.data.json']
const LOCATION = /("packageLocation":\s*")([^"]+)(")/g
/** A package in several roles: `<folder>/__virtual__/<role>/<how many folders up from there>/<rest>`. */
const VIRTUAL = /^(.*?)\/__virtual__\/([^/]+)\/(\d+)\/(.*)$/

interface Move {
  of: string
  at: string
}

/** Makes the copies of Plug'n'Play's files point to the packages of the project, and to the workspaces of the copy. */
export async function movePnp(move: Move, folder: string): Promise<void> {
  for (const name of FILES) {
    const file = path.join(folder, name)
    const text = await readIfThere(file)
    if (text === undefined) continue
    const moved = text.replace(LOCATION, (_, head: string, location: string, tail: string) => {
      return head + movedLocation(location, { of: originalOf(folder, move), at: folder }, move.of) + tail
    })
    await writeFile(file, moved)
  }
}

/** A file of the project as named by the process that runs in its copy, such as the loader in NODE_OPTIONS. */
export function movedOptions(options: string, { of, at }: Move): string {
  return options.replaceAll(/[^\s"']*\.pnp\.(?:loader\.m|c)js/g, (file) => file.replace(of, at))
}

function originalOf(folder: string, { of, at }: Move): string {
  return path.join(of, path.relative(at, folder))
}

function movedLocation(location: string, { of, at }: Move, root: string): string {
  const [, folder, role, up, rest = ''] = VIRTUAL.exec(location) ?? []
  if (folder === undefined) return relocated(location, { of, at }, root)
  const base = path.posix.join(of, folder)
  const target = path.posix.join(base, '../'.repeat(Number(up)), rest)
  if (isInCopy(target, root)) return location
  const way = path.posix.relative(path.posix.join(at, folder), target).split('/')
  const steps = way.filter((step) => step === '..').length
  return `${folder}/__virtual__/${role}/${steps}/${way.slice(steps).join('/')}/`
}

function relocated(location: string, { of, at }: Move, root: string): string {
  const target = path.posix.join(of, location)
  return isInCopy(target, root) ? location : `${path.posix.relative(at, target)}/`
}

/** Workspaces are copied. What Yarn keeps in `.yarn` has to stay where links to it really lead. */
function isInCopy(target: string, root: string): boolean {
  const way = path.posix.relative(root, target).split('/')
  return way[0] !== '..' && !way.includes('.yarn')
}
