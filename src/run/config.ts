import { readFile, stat } from 'node:fs/promises'
import { pathToFileURL } from 'node:url'
import { MeshyError } from '../system/errors.ts'
import type { Options } from './option-types.ts'
import type { Project } from './project.ts'

/**
 * The options of the project's config file, as it is now; none when there is no such file.
 *
 * @throws {MeshyError} MESHY_OPTIONS_INVALID when it cannot be loaded
 */
export async function readConfig({ configFile }: Project): Promise<Options> {
  if (!configFile) return {}
  try {
    const config = configFile.endsWith('.json') ? await readJson(configFile) : await runModule(configFile)
    if (typeof config !== 'object' || config === null) {
      throw new TypeError(
        `it exports \`${config === null ? 'null' : typeof config}\`; expected an object of options`,
      )
    }
    // What it holds is checked with the options from elsewhere.
    return config
  } catch (cause) {
    throw new MeshyError('MESHY_OPTIONS_INVALID', {
      message: `\`${configFile}\` cannot be loaded: ${cause instanceof Error ? cause.message : String(cause)}`,
      hint: 'Fix the file. It should export the options as its default export.',
      cause,
    })
  }
}

async function readJson(file: string): Promise<unknown> {
  // Some editors of Windows begin a file with a byte order mark.
  return JSON.parse((await readFile(file, 'utf8')).replace(/^\uFEFF/, ''))
}

/** Never from a cache of modules: a dev server that starts anew would get the options of before. */
async function runModule(file: string): Promise<unknown> {
  if (file.endsWith('.mjs')) {
    const { mtimeMs } = await stat(file)
    const module = (await import(`${pathToFileURL(file).href}?${mtimeMs}`)) as { default: unknown }
    return module.default
  }
  // Loaded only where it is needed: a warm build should not pay for a TypeScript loader. It leaves `.mjs` to Node.js.
  const { createJiti } = await import('jiti')
  return createJiti(file, { moduleCache: false, tryNative: false }).import(file, { default: true })
}
