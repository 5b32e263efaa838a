import { readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { parseEnv } from 'node:util'
import { expand } from 'dotenv-expand'
import type { Environment } from '../system/process.ts'

/** The files that Vite reads for a mode; the last one takes precedence. */
const envFiles = (mode: string) => ['.env', '.env.local', `.env.${mode}`, `.env.${mode}.local`]

/**
 * Anything named after the key: `VITE_MESHY_API_KEY` is recognised in order to report it, but never used as the key.
 */
const LIKE_THE_KEY = /_MESHY_API_KEY$/

/**
 * The `MESHY_*` variables of `.env` files, overridden by the process environment: in Vite's order, and with `${OTHER}`
 * expanded as Vite does. Other variables of the files are not ours to read.
 *
 * @param folders where the files are; the first one takes precedence
 */
export function readEnvironment(
  folders: readonly string[],
  mode: string,
  processEnv: Environment,
): Environment {
  const found = folders.toReversed().map((folder) => readFolder(folder, mode, processEnv))
  return Object.assign({}, ...found, processEnv) as Environment
}

function readFolder(folder: string, mode: string, processEnv: Environment): Environment {
  const files = envFiles(mode).map((name) => path.join(folder, name))
  const texts = files.filter(isReadable).map((file) => parseEnv(readText(file)))
  const parsed = Object.assign({}, ...texts) as Record<string, string>
  const set = Object.entries(processEnv).filter(([, value]) => value !== undefined)
  // Together with those of the files, so that their order does not matter, as in Vite.
  const known = { ...parsed, ...(Object.fromEntries(set) as Record<string, string>) }
  const { parsed: expanded = parsed } = expand({ parsed, processEnv: known })
  const isOurs = (name: string) => name.startsWith('MESHY_') || LIKE_THE_KEY.test(name)
  return Object.fromEntries(Object.entries(expanded).filter(([name]) => isOurs(name)))
}

/** Password managers provide such a file as a pipe; a folder `.env` is where Python keeps its packages. */
function isReadable(file: string): boolean {
  const stats = statSync(file, { throwIfNoEntry: false })
  return stats !== undefined && (stats.isFile() || stats.isFIFO())
}

/** Supports what Windows editors and shells write: a byte order mark, or UTF-16. */
function readText(file: string): string {
  const bytes = readFileSync(file)
  const isUtf16 = bytes[0] === 0xff && bytes[1] === 0xfe
  return new TextDecoder(isUtf16 ? 'utf-16le' : 'utf-8').decode(bytes)
}

/** The variable that holds a key under a name that a bundler would publish, or that nobody reads. */
export function misnamedKey(env: Environment): string | undefined {
  return Object.keys(env).find((name) => LIKE_THE_KEY.test(name) && env[name])
}

/** Whether a variable such as `CI` is switched on. */
export function isOn(value: string | undefined): boolean {
  return value !== undefined && !['', '0', 'false', 'off', 'no'].includes(value.toLowerCase())
}
