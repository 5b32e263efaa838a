import type { UnpluginOptions } from 'unplugin'
import { SPECIFIER } from '../run/imports.ts'
import type { Options } from '../run/option-types.ts'
import type { CreateInspector, NativeContext } from './adapter.ts'
import { createAdapter } from './adapters.ts'
import { createApi } from './api.ts'
import { finishBuild, loadModule, resolveImport } from './hooks.ts'
import { Session } from './session.ts'

export interface PluginMeta {
  framework: string
  /** The run that this instance is a part of, where it is one of a worker. */
  parent?: Session | undefined
  createWorkerInstance: (session: Session) => unknown
  createInspector: CreateInspector
}

/** The hooks of one plugin instance. They translate between a bundler and a run, and decide nothing. */
export function createPlugin(inline: Options, { framework, parent, ...rest }: PluginMeta): UnpluginOptions {
  const session = new Session(inline, parent)
  const api = createApi(session)
  const adapter = createAdapter(framework, session, { api, ...rest })
  return {
    name: 'unplugin-meshy',
    enforce: 'pre',
    async buildStart() {
      adapter.start(nativeOf(this))
      await session.context()
    },
    resolveId: {
      filter: { id: SPECIFIER },
      handler(source, importer) {
        return resolveImport(session, adapter, { native: nativeOf(this), source, importer })
      },
    },
    load: {
      filter: { id: adapter.moduleIds.pattern },
      async handler(id) {
        const loaded = await loadModule(session, adapter, { native: nativeOf(this), id })
        const code = loaded.code + (adapter.afterLoad?.(nativeOf(this), loaded) ?? '')
        // An empty map keeps the module, and with it the paths of this machine, out of source maps.
        return { code, map: { version: 3, sources: [], names: [], mappings: '' } }
      },
    },
    async buildEnd() {
      adapter.end?.(nativeOf(this))
      await finishBuild(session, api)
    },
    ...adapter.hooks,
  }
}

/** The bundlers' own contexts have more than unplugin's types tell. */
function nativeOf(context: unknown): NativeContext {
  return context as NativeContext
}
