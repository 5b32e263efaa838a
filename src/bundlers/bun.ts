import path from 'node:path'
import type { PluginBuild } from 'esbuild'
import type { Adapter } from './adapter.ts'
import { emitFiles } from './esbuild.ts'
import { planOnly } from './hooks.ts'
import { relativeIds } from './module-id.ts'
import type { ResolvingContext } from './resolve.ts'
import type { Session } from './session.ts'
import { esbuildUrl } from './url.ts'

/** Bun's own API, if Bun is running this code. */
interface BunRuntime {
  resolveSync(specifier: string, folder: string): string
}

/** `Bun.build`. It has neither a watcher nor a way for plugins to resolve, and writes before it reports its end. */
export function createBunAdapter(session: Session): Adapter {
  return {
    resolver: () => resolver,
    moduleIds: relativeIds(() => session.bundler.root),
    urlOf: () => esbuildUrl(session.bundler.root),
    tellsAtOnce: true,
    afterLoad: (_, { asset, context }) => {
      if (context.ports.options.mode === 'plan' && !context.seen.part && !asset)
        // The only way to end before anything is written. What the plan lists is reported at the end.
        throw planOnly('Nothing was built', session.bundler.root)
    },
    hooks: {
      bun: {
        loader: 'js',
        setup: (build) => setUp(build as unknown as PluginBuild, session),
      },
    },
  }
}

const resolver: ResolvingContext = {
  resolve: async (source, importer) => {
    const folder = importer && path.isAbsolute(importer) ? path.dirname(importer) : process.cwd()
    try {
      return { id: runtime().resolveSync(source, folder) }
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND') return null
      throw error
    }
  },
}

function runtime(): BunRuntime {
  return (globalThis as unknown as { Bun: BunRuntime }).Bun
}

function setUp(build: PluginBuild, session: Session): void {
  const root = process.cwd()
  session.adopt({ root, envDir: root, live: false })
  emitFiles(build, session)
}
