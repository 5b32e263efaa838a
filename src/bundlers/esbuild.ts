import path from 'node:path'
import { SPECIFIER } from '../run/imports.ts'
import type { Adapter, NativeContext } from './adapter.ts'
import { emitFiles, type FileBuild } from './file-loader.ts'
import { relativeIds } from './module-id.ts'
import type { ResolvingContext } from './resolve.ts'
import type { Session } from './session.ts'
import { esbuildUrl } from './url.ts'

/** A build of esbuild, as far as we use it. */
interface Build extends FileBuild {
  initialOptions: {
    absWorkingDir?: string
    write?: boolean
  }
  resolve(
    specifier: string,
    options: { importer: string; resolveDir: string; kind: 'import-statement' },
  ): Promise<{ path: string; namespace: string; errors: unknown[] }>
}

interface EsbuildContext extends NativeContext {
  getNativeBuildContext(): { build: Build }
  error(message: { plugin: string; message: string; meta: unknown }): void
}

const WATCH_FLAGS = ['--watch', '--serve']

export function createEsbuildAdapter(session: Session): Adapter {
  let builds = 0
  return {
    start: (native) => start(session, buildOf(native), ++builds === 1),
    resolver: (native) => resolverOf(buildOf(native)),
    moduleIds: relativeIds(() => session.bundler.root),
    urlOf: () => esbuildUrl(session.bundler.root),
    tellsAtOnce: true,
    tell: (native, error) => {
      if (!(error instanceof Error)) throw error
      const { message } = error
      ;(native as EsbuildContext).error({ plugin: 'unplugin-meshy', message, meta: error })
    },
    hooks: {
      esbuild: {
        onResolveFilter: SPECIFIER,
        // Go, which reads it, knows no lookahead.
        onLoadFilter: /\?meshy=[0-9a-f]{16}$/,
        setup: (build) => setUp(build as unknown as Build, session),
      },
    },
  }
}

/**
 * esbuild tells no plugin whether it watches. A plugin that is started a second time is in a context, which somebody keeps
 * for that: from then on nobody waits, and nothing is paid without a word, as in every other watcher.
 */
function start(session: Session, { initialOptions }: Build, isFirst: boolean): void {
  const root = initialOptions.absWorkingDir ?? process.cwd()
  const live = session.inline.live ?? (!isFirst || WATCH_FLAGS.some((flag) => process.argv.includes(flag)))
  session.adopt({ ...session.bundler, root, envDir: root, live })
}

function resolverOf(build: Build): ResolvingContext {
  return {
    resolve: async (source, importer) => {
      const folder = importer && path.isAbsolute(importer) ? path.dirname(importer) : process.cwd()
      const options = { importer: importer ?? '', resolveDir: folder, kind: 'import-statement' as const }
      const { errors, namespace, path: file } = await build.resolve(source, options)
      return errors.length === 0 && namespace === 'file' ? { id: file } : null
    },
  }
}

async function setUp(build: Build, session: Session): Promise<void> {
  emitFiles(build, session)
  start(session, build, true)
  const {
    ports: { options },
    seen: { part },
  } = await session.context()
  // The plan is told at the end, which is after the output was written.
  if (options.mode === 'plan' && !part) build.initialOptions.write = false
}

function buildOf(native: NativeContext): Build {
  return (native as EsbuildContext).getNativeBuildContext().build
}
