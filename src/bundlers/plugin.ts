import type { UnpluginOptions } from 'unplugin'
import { MODULE_ID, SPECIFIER } from '../pipeline/imports.ts'
import type { Options } from '../pipeline/options.ts'
import type { PluginApi } from '../pipeline/plugin-api.ts'
import { createApi } from './api.ts'
import { finishBuild, loadModule, resolveImport } from './hooks.ts'
import { fromModuleId } from './module-id.ts'
import type { UrlOf } from './module.ts'
import { stripQuery } from './resolve.ts'
import type { OutputFiles } from './scrub-maps.ts'
import { Session } from './session.ts'
import { rollupUrl, viteUrl } from './url.ts'
import { adoptViteConfig, isBundled, isFreshStateFile, workerConfig, type ViteConfig } from './vite.ts'

/** A plugin context of the Rollup family, as far as we use it. */
interface NativeContext {
  resolve?(source: string, importer?: string, options?: object): Promise<{ id: string } | null>
  emitFile(file: object): string
  addWatchFile(file: string): void
  getModuleIds?(): IterableIterator<string>
  meta?: { watchMode?: boolean }
  environment?: { config?: { isBundled?: boolean } }
}

export interface PluginMeta {
  framework: string
  /** Makes another instance of the Vite plugin with the same options. */
  another: () => unknown
}

/** The hooks of one plugin instance. They translate between a bundler and the pipeline, and decide nothing. */
export function createPlugin(inline: Options, { framework, another }: PluginMeta): UnpluginOptions {
  const session = new Session(inline)
  const workers: PluginApi[] = []
  const api = createApi(session, workers)
  let viteConfig: ViteConfig | undefined

  const urlFor = (native: NativeContext, id: string): UrlOf =>
    framework === 'vite'
      ? viteUrl(isBundled(viteConfig, native.environment))
      : rollupUrl(native, stripQuery(fromModuleId(id)))

  // After everybody else: also maps that other plugins make hold the sources.
  const generateBundle = {
    order: 'post' as const,
    handler: (_: unknown, files: object) => session.prompts.scrub(files as OutputFiles),
  }

  return {
    name: 'unplugin-meshy',
    enforce: 'pre',
    async buildStart() {
      const native = this as unknown as NativeContext
      if (framework !== 'vite')
        session.bundler = { ...session.bundler, live: native.meta?.watchMode === true }
      session.activity = () => countModules(native)
      await session.context()
    },
    resolveId: {
      filter: { id: SPECIFIER },
      handler(source, importer) {
        return resolveImport(session, this as unknown as NativeContext, { source, importer })
      },
    },
    load: {
      filter: { id: MODULE_ID },
      async handler(id) {
        const native = this as unknown as NativeContext
        const code = await loadModule(session, native, { id, urlOf: urlFor(native, id) })
        // An empty map keeps the module, and with it the paths of this machine, out of source maps.
        return { code, map: { mappings: '' } }
      },
    },
    buildEnd: () => finishBuild(session, api),
    rollup: { generateBundle },
    vite: {
      generateBundle,
      config: () => workerConfig(() => joinWorker(another(), workers)),
      configResolved(config) {
        viteConfig = config as unknown as ViteConfig
        adoptViteConfig(session, viteConfig)
      },
      async hotUpdate(update) {
        const { store } = await session.context()
        return isFreshStateFile(store.layout.states, update) ? [] : undefined
      },
      api,
    },
  }
}

/** The build of a worker is a part of this one: what it lists is told here. */
function joinWorker(worker: unknown, workers: PluginApi[]): unknown {
  // It is the object that `createPlugin` described, with what unplugin adds.
  const { api } = worker as { api: PluginApi }
  api.listOnly()
  workers.push(api)
  return worker
}

function countModules(native: NativeContext): number {
  return native.getModuleIds ? [...native.getModuleIds()].length : 0
}
