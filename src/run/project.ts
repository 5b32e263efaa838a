import { existsSync } from 'node:fs'
import path from 'node:path'
import { findWorkspace, foldersUpTo, hasManifest } from './workspace.ts'

export const DEFAULT_LOCKFILE = 'meshy-lock.json'
const CONFIG_FILES = ['ts', 'mts', 'js', 'mjs', 'json'].map((ext) => `meshy.config.${ext}`)

/** The folder that `cacheDir` and `lockfile` are relative to, the config file in it, and what bounds the search for both. */
export interface Project {
  dir: string
  configFile: string | undefined
  /** Absolute. Nothing above it is read or run. */
  workspace: string
}

/**
 * The nearest folder, from the bundler's root up to the root of its workspace, that holds a `meshy-lock.json` or a
 * `meshy.config.*`: so the packages of a monorepo can share one cache. Else the nearest with a `package.json`, since the
 * root of a bundler may be a folder of sources.
 */
export function findProject(root: string): Project {
  const workspace = findWorkspace(root)
  const folders = foldersUpTo(root, workspace)
  const dir = folders.find(isMarked) ?? folders.find(hasManifest) ?? path.resolve(root)
  return { dir, configFile: configIn(dir), workspace }
}

function isMarked(dir: string): boolean {
  return configIn(dir) !== undefined || existsSync(path.join(dir, DEFAULT_LOCKFILE))
}

function configIn(dir: string): string | undefined {
  return CONFIG_FILES.map((name) => path.join(dir, name)).find((file) => existsSync(file))
}
