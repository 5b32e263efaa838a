import type { UnpluginOptions } from 'unplugin'
import { SPECIFIER } from '../run/imports.ts'
import type { Options } from '../run/option-types.ts'
import { arrangePlan, takePlan } from '../run/plan.ts'
import type { PluginApi, Adapter, AdapterParts, CreateInspector } from './adapter.ts'
import { reportModels } from '../run/reporting/report.ts'
import { createBunAdapter } from './bun.ts'
import { createEsbuildAdapter } from './esbuild.ts'
import { createFarmAdapter } from './farm.ts'
import { finishBuild, loadModule, resolveImport } from './hooks.ts'
import { createRolldownAdapter, createRollupAdapter } from './rollup.ts'
import { Session } from './session.ts'
import { createViteAdapter } from './vite.ts'
import { createWebpackAdapter } from './webpack.ts'

const ADAPTERS: Record<string, (session: Session, parts: AdapterParts) => Adapter> = {
  vite: createViteAdapter,
  rollup: createRollupAdapter,
  rolldown: createRolldownAdapter,
  webpack: createWebpackAdapter,
  rspack: createWebpackAdapter,
  rsbuild: createWebpackAdapter,
  esbuild: createEsbuildAdapter,
  farm: createFarmAdapter,
  bun: createBunAdapter,
}

/** The bundlers by the names of their entries: `unplugin-meshy/vite`. */
export const BUNDLERS: readonly string[] = Object.keys(ADAPTERS)

interface PluginMeta {
  /** The bundler, by the name that unplugin gives it. Unknown ones are treated as relatives of Rollup. */
  framework: string
  /** The run that this instance is a part of, if it belongs to a worker. */
  parent?: Session | undefined
  createWorkerInstance: (session: Session) => unknown
  createInspector: CreateInspector
}

/** The hooks of one plugin instance. They translate between a bundler and a run, and decide nothing. */
export function createPlugin(inline: Options, meta: PluginMeta): UnpluginOptions {
  const { framework, parent, createWorkerInstance, createInspector } = meta
  const createAdapter = ADAPTERS[framework] ?? createRollupAdapter
  const session: Session = new Session(inline, parent, (own) =>
    createAdapter(own, {
      api: createApi(own),
      createWorkerInstance: () => createWorkerInstance(own),
      createInspector,
    }),
  )
  const { adapter } = session
  return {
    name: 'unplugin-meshy',
    enforce: 'pre',
    async buildStart(options?: { input?: unknown }) {
      adapter.start?.(this, options?.input)
      await session.context()
    },
    resolveId: {
      filter: { id: SPECIFIER },
      handler(source, importer) {
        return resolveImport(session, { native: this, source, importer })
      },
    },
    load: {
      filter: { id: adapter.moduleIds.pattern },
      async handler(id) {
        const loaded = await loadModule(session, { native: this, id })
        const code = loaded.code + (adapter.afterLoad?.(this, loaded) ?? '')
        // An empty map keeps the module, and with it the paths of this machine, out of source maps.
        return { code, map: { version: 3, sources: [], names: [], mappings: '' } }
      },
    },
    // Bundlers of the Rollup family tell why a build ends early.
    async buildEnd(error?: unknown) {
      if (error !== undefined) session.fail()
      adapter.end?.(this, error === undefined)
      await finishBuild(session, { isTold: error !== undefined || session.hasFailed() })
    },
    ...adapter.hooks,
  }
}

function createApi(session: Session): PluginApi {
  return {
    options: session.inline,
    report: async () => ({ models: reportModels((await session.context()).ports.models) }),
    takePlan: async () => arrangePlan(await takePlan((await session.context()).seen)),
    agree: async (keys) => {
      const { agree } = await import('../run/live/asking.ts')
      return agree(await session.context(), keys)
    },
    listOnly: () => session.listOnly(),
  }
}

/** The result of `require`: the plugin itself, which is also its own `default`. CommonJS configs use either. */
export type Requirable<Plugin> = Plugin & { default: Plugin }

export function requirable<Plugin extends object>(plugin: Plugin): Requirable<Plugin> {
  return Object.assign(plugin, { default: plugin })
}
