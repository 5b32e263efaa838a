import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import type * as ViteModule from 'vite'
import type { ResolvedConfig, Logger as ViteLogger } from 'vite'
import { MeshyError } from '../system/errors.ts'
import type { Logger } from '../system/logger.ts'
import type { PluginApi } from '../bundlers/adapter.ts'

/** In any version from 6 on: commands use what all of them have. */
type Vite = typeof ViteModule

const CONFIG_NAMES = ['js', 'mjs', 'ts', 'cjs', 'mts', 'cts'].map((ext) => `vite.config.${ext}`)

export function hasViteConfig(root: string): boolean {
  return CONFIG_NAMES.some((name) => existsSync(path.join(root, name)))
}

/**
 * The Vite of the user's project, in whatever version.
 *
 * @throws {MeshyError} MESHY_VITE_MISSING
 */
export async function loadVite(root: string): Promise<Vite> {
  const file = findVite(root)
  if (file) return (await import(pathToFileURL(file).href)) as Vite
  throw new MeshyError('MESHY_VITE_MISSING', {
    message: `\`${root}\` is not a Vite project: no package \`vite\` can be found from there.`,
    hint: 'Pass the project with `--root`. For other bundlers, run the build itself with MESHY_MODE=plan or generate.',
  })
}

/** The API of our plugin object, among the plugins of a resolved config. */
export function findPlugin(plugins: ResolvedConfig['plugins']): PluginApi | undefined {
  const plugin = plugins.find(({ name }) => name === 'unplugin-meshy')
  // A plugin of this name is ours, in whatever version.
  return plugin?.api as PluginApi | undefined
}

/**
 * A Vite logger that only shows warnings and what the plugin says, on stderr: stdout is for results. Errors are thrown
 * as well, and reported where they are caught.
 */
export function quietLogger(logger: Logger): ViteLogger {
  const ours = (say: (text: string) => void) => (text: string) => {
    if (text.startsWith('meshy:')) say(text)
  }
  return {
    hasWarned: false,
    info: ours(logger.info),
    warn: logger.warn,
    warnOnce: logger.warn,
    error: ours(logger.error),
    clearScreen: () => {},
    hasErrorLogged: () => false,
  }
}

function findVite(root: string): string | undefined {
  try {
    const manifest = createRequire(path.join(root, 'noop.js')).resolve('vite/package.json')
    // `require.resolve('vite')` would be the CommonJS wrapper of older versions.
    return path.join(path.dirname(manifest), 'dist', 'node', 'index.js')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') return undefined
    throw error
  }
}
