import { existsSync } from 'node:fs'
import path from 'node:path'

export const DEFAULT_LOCKFILE = 'meshy-lock.json'
const CONFIG_FILES = ['ts', 'mts', 'js', 'mjs', 'json'].map((ext) => `meshy.config.${ext}`)

/** The folder that `cacheDir` and `lockfile` are relative to, and the config file in it. */
export interface Project {
  dir: string
  configFile: string | undefined
}

/**
 * The nearest folder at or above the bundler's root that holds a `meshy-lock.json` or a `meshy.config.*`,
 * else the root itself: so the packages of a monorepo can share one cache.
 */
export function findProject(root: string): Project {
  for (let dir = path.resolve(root); ; dir = path.dirname(dir)) {
    const configFile = configIn(dir)
    if (configFile || existsSync(path.join(dir, DEFAULT_LOCKFILE))) return { dir, configFile }
    if (dir === path.dirname(dir)) return { dir: path.resolve(root), configFile: undefined }
  }
}

function configIn(dir: string): string | undefined {
  return CONFIG_FILES.map((name) => path.join(dir, name)).find((file) => existsSync(file))
}
