import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { findWorkerScript } from '../system/worker-script.ts'

/** Set once it was done: the build has workers, and each reads the config. */
const DONE_VARIABLE = 'MESHY_LAID_OUT'
const NEXT_CONFIGS = ['js', 'mjs', 'ts'].map((ext) => `next.config.${ext}`)

/**
 * Lays out the files of pinned models before `next build` looks at a folder. Turbopack lists each once, as soon as anybody
 * asks (Tailwind CSS asks for all), so that what loaders write there later would not exist. By a process, since whoever
 * calls this waits for nothing.
 */
export function layOutAhead(): void {
  const { argv, env } = process
  const at = argv.indexOf('build')
  if (at < 0) return
  const root = [...argv.slice(at + 1), '.'].map((name) => path.resolve(name)).find(isNext)
  const script = findWorkerScript('cli/ahead')
  if (!root || !script || env[DONE_VARIABLE] === root) return
  env[DONE_VARIABLE] = root
  const args = [...script.execArgv, fileURLToPath(script.url)]
  // What fails here fails again where its loader can tell which import it is.
  spawnSync(process.execPath, args, {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...env, NODE_ENV: 'production' },
  })
}

/** Whether a folder is a project of Next.js, whose build shows no plugin its graph. */
export function isNext(folder: string): boolean {
  return NEXT_CONFIGS.some((name) => existsSync(path.join(folder, name)))
}
