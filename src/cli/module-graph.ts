import path from 'node:path'
import type { InlineConfig, ResolvedConfig } from 'vite'
import { isNext } from '../bundlers/turbopack.ts'
import { MeshyError } from '../system/errors.ts'
import type { Mode } from '../finding/modes.ts'
import type { PluginApi } from '../bundlers/adapter.ts'
import { ofTheProject } from './failure.ts'
import { stderrLogger, findPlugin, loadVite, quietLogger, type BuildChoice } from './project.ts'
import { inMode } from '../run/process-state.ts'
import { scanBuild, type Walked } from './scan-build.ts'
import { arrangePlan, type PlanRow } from '../run/plan.ts'

/**
 * Runs the user's Vite build up to the point where every module is loaded, in one of our modes, and returns what the
 * plugin then knows. Nothing is rendered, written or emptied, so an older output stays as it is. For a Next.js project,
 * the sources are scanned instead.
 *
 * @throws {MeshyError} MESHY_VITE_MISSING, MESHY_BUILD_FAILED; what the plugin throws
 */
export function walkModuleGraph(choice: BuildChoice, mode: Mode): Promise<Walked[]> {
  // Every plugin instance that the build creates must run in it, including those for workers and for builds inside the
  // build.
  return inMode(mode, async () => (isNext(choice.root) ? [await scanBuild(choice.root)] : walk(choice)))
}

async function walk(choice: BuildChoice): Promise<Walked[]> {
  const { createBuilder } = await loadVite(choice.root)
  const found = new Set<PluginApi>()
  const stop = createStop(found)
  const inline = { ...inlineOf(choice), plugins: [stop.plugin] }
  const builder = await ofTheProject(() => createBuilder(inline, null))
  if (found.size === 0) throw pluginMissing(choice)
  for (const environment of Object.values(builder.environments)) {
    await ofTheProject(() => stop.afterLoading(() => builder.build(environment)))
  }
  return [...found]
}

function inlineOf({ root, configFile, viteMode }: BuildChoice): InlineConfig {
  return {
    root,
    ...(configFile ? { configFile } : {}),
    ...(viteMode ? { mode: viteMode } : {}),
    logLevel: 'warn',
    customLogger: quietLogger(stderrLogger),
    build: { write: false, watch: null },
  }
}

/** Ends builds between loading and rendering. */
function createStop(found: Set<PluginApi>) {
  let isReached = false
  const plugin = {
    name: 'unplugin-meshy:command',
    configResolved: ({ plugins }: ResolvedConfig) => {
      const api = findPlugin(plugins)
      if (!api) return
      api.listOnly()
      found.add(api)
    },
    // After `buildEnd`, where the plugin reports its failures, and before anything is made from the modules.
    renderStart: () => {
      isReached = true
      throw new Error('The command has seen every module; nothing is rendered.')
    },
  }
  /** @throws what the build throws by itself */
  const afterLoading = async (build: () => Promise<unknown>): Promise<void> => {
    isReached = false
    try {
      await build()
    } catch (error) {
      // The bundler wraps what was thrown above, each in its own way.
      if (!isReached) throw error
    }
  }
  return { plugin, afterLoading }
}

function pluginMissing({ root, configFile }: BuildChoice): MeshyError {
  const config = configFile ? path.basename(configFile) : "Vite's config"
  return new MeshyError('MESHY_VITE_MISSING', {
    message: `\`unplugin-meshy\` is not among the plugins in ${config} of \`${root}\`.`,
    hint: 'Add it to `plugins`, or pass the right project with `--root` or `--config`.',
  })
}

/** What a build imports: one row for each import, in whichever of the build's environments and workers it is. */
export async function planBuild(choice: BuildChoice): Promise<PlanRow[]> {
  const plugins = await walkModuleGraph(choice, 'plan')
  return arrangePlan((await Promise.all(plugins.map((plugin) => plugin.takePlan()))).flat())
}
