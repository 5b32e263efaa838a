import { createHash } from 'node:crypto'
import { readdir, readFile, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { git } from './commands.mjs'

/**
 * In `node_modules`, what package managers keep there. Everything else that starts with a dot is a cache of some tool.
 */
const OF_PACKAGES = new Set(['.bin', '.package-lock.json'])

/** Turns a folder into a repository; returns its first commit. */
export async function makeRepository(cwd) {
  await git(cwd, ['init', '--quiet'])
  await commit(cwd, ['--all'])
  return (await git(cwd, ['rev-parse', 'HEAD'])).trim()
}

export async function commit(cwd, paths) {
  await git(cwd, ['add', ...paths])
  await git(cwd, ['commit', '--quiet', '--message', 'step'])
}

/**
 * A fresh clone of a commit. It takes over the installed packages, which are the same, but none of the caches among
 * them.
 */
export async function cloneOf(from, to, ref = 'HEAD') {
  await git(path.dirname(to), ['clone', '--quiet', from, to])
  await git(to, ['checkout', '--quiet', '--detach', ref])
  return takePackages(from, to)
}

/** Moves the installed packages from one clone to another. */
export async function takePackages(from, to) {
  await rename(path.join(from, 'node_modules'), path.join(to, 'node_modules'))
  for (const name of await cachesOf(to)) {
    await rm(path.join(to, 'node_modules', name), { recursive: true, force: true })
  }
  return to
}

/**
 * Every file of a folder with a hash of its bytes, except for repository and packages; for these, only the caches.
 *
 * @param plain turns a name and its bytes into what they would be wherever the project is
 */
export async function treeOf(folder, plain = (name, bytes) => [name, bytes]) {
  const tree = new Map()
  await walk(folder, async (file) => {
    const [name, bytes] = plain(path.relative(folder, file), await readFile(file))
    tree.set(name, createHash('sha256').update(bytes).digest('hex'))
  })
  for (const name of await cachesOf(folder)) tree.set(path.join('node_modules', name), '')
  return tree
}

/** Names of files that differ between two trees. */
export function differences(one, other) {
  const names = new Set([...one.keys(), ...other.keys()])
  return [...names].filter((name) => one.get(name) !== other.get(name)).sort()
}

async function walk(folder, use) {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const file = path.join(folder, entry.name)
    if (entry.name === '.git' || entry.name === 'node_modules') continue
    if (entry.isDirectory()) await walk(file, use)
    else if (entry.isFile()) await use(file)
  }
}

async function cachesOf(folder) {
  const all = await readdir(folder)
  if (!all.includes('node_modules')) return []
  const names = await readdir(path.join(folder, 'node_modules'))
  return names.filter((name) => name.startsWith('.') && !OF_PACKAGES.has(name))
}
