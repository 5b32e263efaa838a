import path from 'node:path'
import type { Adapter, NativeContext } from './adapter.ts'
import { plainIds } from './module-id.ts'
import { pathOf, type ResolvingContext } from './resolve.ts'
import type { Session } from './session.ts'
import { farmUrl } from './url.ts'
import { fileFormats } from '../request/file-formats.ts'

interface FarmContext extends NativeContext {
  getNativeBuildContext(): {
    context: {
      resolve(
        param: { source: string; importer: string | null; kind: 'import' },
        hook: { meta: object; caller: string },
      ): Promise<{ resolvedPath: string } | null>
    }
  }
}

/** Endings of files that Farm does not take for assets by itself. */
const ASSETS = Object.keys(fileFormats).filter((format) => format !== 'picture')

/** Experimental: builds work, a dev server was not tried. */
export function createFarmAdapter(session: Session): Adapter {
  return {
    start: () => {},
    resolver: (native) => resolverOf(native as FarmContext, session),
    moduleIds: plainIds,
    urlOf: (_, id) => farmUrl(pathOf(id)),
    hooks: {
      farm: {
        config: () => ({
          // Its cache would keep modules without asking what became of their models.
          compilation: { assets: { include: ASSETS }, persistentCache: false },
        }),
        configResolved(config) {
          const { root = process.cwd(), compilation } = config
          const live = compilation?.mode === 'development'
          session.bundler = { ...session.bundler, root, envDir: root, live }
        },
      },
    },
  }
}

function resolverOf(native: FarmContext, { bundler }: Session): ResolvingContext {
  const { context } = native.getNativeBuildContext()
  return {
    resolve: async (source, importer) => {
      const from = importer ? path.relative(bundler.root, importer) : null
      const param = { source, importer: from, kind: 'import' as const }
      const found = await context.resolve(param, { meta: {}, caller: 'unplugin-meshy' })
      return found ? { id: found.resolvedPath } : null
    },
  }
}
