import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { parseEnv } from 'node:util'

/** Variables of the environment by name. */
export type Environment = Record<string, string | undefined>

/** The files that Vite reads for a mode, the last one winning. */
const envFiles = (mode: string) => ['.env', '.env.local', `.env.${mode}`, `.env.${mode}.local`]

/**
 * The `MESHY_*` variables of `.env` files, overlaid by the process environment: the order that Vite uses.
 * Other variables of the files are not ours to read; a key in a `VITE_*` variable would end in the bundle.
 */
export function readEnvironment(envDir: string, mode: string, processEnv: Environment): Environment {
  const fromFiles: Environment = {}
  for (const name of envFiles(mode)) {
    const file = path.join(envDir, name)
    if (!existsSync(file)) continue
    for (const [key, value] of Object.entries(parseEnv(readFileSync(file, 'utf8')))) {
      if (key.startsWith('MESHY_')) fromFiles[key] = value
    }
  }
  return { ...fromFiles, ...processEnv }
}

/** Whether a variable such as `CI` is switched on. */
export function isOn(value: string | undefined): boolean {
  return value !== undefined && !['', '0', 'false', 'off', 'no'].includes(value.toLowerCase())
}
