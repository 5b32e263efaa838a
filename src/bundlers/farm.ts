import path from 'node:path'
import { nativeBuild, type Adapter, type NativeContext } from './adapter.ts'
import { resolveImport } from './hooks.ts'
import { plainIds } from './module-id.ts'
import { SPECIFIER } from '../run/imports.ts'
import { pathOf, type ResolvingContext } from './resolve.ts'
import type { Session } from './session.ts'
import { farmUrl } from './url.ts'
import { fileFormats } from '../request/file-formats.ts'

/** File extensions that Farm does not treat as assets by itself. */
const ASSETS = Object.keys(fileFormats).filter((format) => format !== 'picture')

/** Experimental: builds work, a dev server was not tried. */
export function createFarmAdapter(session: Session): Adapter {
  let isBuilding = false
  return {
    end: () => {
      if (isBuilding) session.finish()
      isBuilding = false
    },
    resolver: (native) => resolverOf(native, session),
    moduleIds: plainIds,
    urlOf: (_, id) => farmUrl(pathOf(id)),
    hooks: {
      resolveId: {
        filter: { id: SPECIFIER },
        handler(source, importer) {
          return resolveImport(session, {
            native: this,
            source,
            importer: below(session.bundler.root, importer),
          })
        },
      },
      farm: {
        config: () => ({
          // Its cache would keep modules without checking what became of their models.
          compilation: { assets: { include: ASSETS }, persistentCache: false },
        }),
        configResolved(config) {
          const { root = process.cwd(), compilation } = config
          const live = compilation?.mode === 'development'
          const told = { root, envDir: root, live }
          // Its other hooks do not say whose they are.
          if (isBuilding) session.adopt(told)
          else session.begin(told)
          isBuilding = true
        },
      },
    },
  }
}

/** Farm names importers relative to its root, and unplugin takes them as relative to the working folder. */
function below(root: string, importer: string | undefined): string | undefined {
  return importer && path.resolve(root, path.relative(process.cwd(), importer))
}

function resolverOf(native: NativeContext, { bundler }: Session): ResolvingContext {
  const { context } = nativeBuild<'farm'>(native)
  return {
    resolve: async (source, importer) => {
      const from = importer ? path.relative(bundler.root, importer) : null
      const param = { source, importer: from, kind: 'import' as const }
      const found = await context.resolve(param, { meta: {}, caller: 'unplugin-meshy' })
      return found ? { id: found.resolvedPath } : null
    },
  }
}
