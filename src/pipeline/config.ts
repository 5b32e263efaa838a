import { MeshyError } from '../errors.ts'
import type { Options } from './options.ts'
import type { Project } from './project.ts'

/** The options of the project's config file; none when there is no such file. */
export async function readConfig({ dir, configFile }: Project): Promise<Options> {
  if (!configFile) return {}
  // Loaded only where there is a file: a warm build should not pay for a TypeScript loader.
  const { loadConfig } = await import('c12')
  try {
    const { config } = await loadConfig<Options>({
      name: 'meshy',
      cwd: dir,
      configFile,
      rcFile: false,
      dotenv: false,
    })
    return config
  } catch (cause) {
    throw new MeshyError('MESHY_OPTIONS_INVALID', {
      message: `\`${configFile}\` cannot be loaded: ${cause instanceof Error ? cause.message : String(cause)}`,
      hint: 'Fix the file; it should export the options as its default.',
      cause,
    })
  }
}
