import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as timer } from 'node:timers/promises'
import type { PluginBuild } from 'esbuild'
import { SPECIFIER } from '../run/imports.ts'
import { nativeBuild, type Adapter, type NativeContext } from './adapter.ts'
import { relativeIds } from './module-id.ts'
import type { ResolvingContext } from './resolve.ts'
import type { Session } from './session.ts'
import { ASSET_PREFIX, esbuildUrl } from './url.ts'

const WATCH_FLAGS = ['--watch', '--serve']

/** What is known about a build, or about a context that builds again and again. */
interface Known {
  starts: number
  isRunning: boolean
  /** Unset while it builds. */
  modules: ReadonlySet<string> | undefined
  /** The modules of ours that were loaded since its last start: esbuild asks for all of them each time. */
  loaded: Set<string>
}

export function createEsbuildAdapter(session: Session): Adapter {
  const builds = new Map<PluginBuild, Known>()
  const isKept = () => [...builds.values()].some(({ starts }) => starts > 1)
  const of = (native: NativeContext) => builds.get(nativeBuild<'esbuild'>(native).build)
  const finish = (known: Known | undefined) => {
    if (known?.isRunning) session.finish()
    if (known) known.isRunning = false
  }
  return {
    start: (native) => {
      const { build } = nativeBuild<'esbuild'>(native)
      const { starts } = builds.get(build) ?? { starts: 0 }
      builds.set(build, { starts: starts + 1, isRunning: true, modules: undefined, loaded: new Set() })
      session.begin(toldBy(session, build, isKept()))
    },
    end: (native) => {
      const known = of(native)
      finish(known)
      if (known) known.modules = known.loaded
    },
    afterLoad: (native, { id }) => void of(native)?.loaded.add(id),
    isImported: (id) => [...builds.values()].some(({ modules }) => modules?.has(id) ?? true),
    resolver: (native) => resolverOf(nativeBuild<'esbuild'>(native).build),
    moduleIds: relativeIds(() => session.bundler.root),
    urlOf: () => esbuildUrl(session.bundler.root),
    tellsAtOnce: true,
    tell: (native, error) => {
      if (!(error instanceof Error)) throw error
      const { message } = error
      native.error?.({ plugin: 'unplugin-meshy', message, meta: error })
    },
    hooks: {
      esbuild: {
        onResolveFilter: SPECIFIER,
        // Go, which interprets it, does not support lookahead.
        onLoadFilter: /\?meshy=[0-9a-f]{16}$/,
        setup: async (build) => {
          build.onDispose(() => {
            finish(builds.get(build))
            builds.delete(build)
            if (builds.size === 0) session.close()
          })
          emitFiles(build, session)
          await disposalsTold()
          session.adopt(toldBy(session, build, isKept()))
          await listInPlan(build, session)
        },
      },
    },
  }
}

/**
 * esbuild does not tell plugins whether it is watching. A build that starts a second time is a context, which somebody
 * keeps for watching: from then on nobody waits, and nothing is paid for silently, as in every other watcher. Until it is
 * disposed, this goes for all builds that share the plugin object, but not for those that have begun.
 */
function toldBy(
  { bundler, inline, isBuilding }: Session,
  { initialOptions }: PluginBuild,
  isKept: boolean,
): Parameters<Session['begin']>[0] {
  const root = initialOptions.absWorkingDir ?? process.cwd()
  const live = inline.live ?? (isKept || WATCH_FLAGS.some((flag) => process.argv.includes(flag)))
  return { root, envDir: root, live: isBuilding ? bundler.live : live }
}

function resolverOf(build: PluginBuild): ResolvingContext {
  const { stdin, absWorkingDir = process.cwd() } = build.initialOptions
  return {
    resolve: async (source, importer) => {
      // Any other module without a place is a virtual one, and nobody says where it imports from.
      const other = importer === undefined ? absWorkingDir : (stdin?.resolveDir ?? absWorkingDir)
      const folder = importer && path.isAbsolute(importer) ? path.dirname(importer) : other
      const options = { importer: importer ?? '', resolveDir: folder, kind: 'import-statement' as const }
      const { errors, namespace, path: file } = await build.resolve(source, options)
      return errors.length === 0 && namespace === 'file' ? { id: file } : null
    },
  }
}

/**
 * esbuild tells plugins that a context is disposed in timers of 0 ms, which it sets as `dispose()` resolves. Node runs
 * timers of one duration in the order in which they were set.
 */
function disposalsTold(): Promise<void> {
  return timer(0)
}

async function listInPlan(build: PluginBuild, session: Session): Promise<void> {
  const { ports, seen } = await session.context()
  // The plan is reported at the end, which is after the output was written.
  if (ports.options.mode === 'plan' && !seen.part) build.initialOptions.write = false
}

const NAMESPACE = 'meshy-asset'

/**
 * Emits our files with the `file` loader of esbuild or Bun, in our own namespace, so that no loader of the user applies
 * to them.
 */
export function emitFiles(build: Pick<PluginBuild, 'onResolve' | 'onLoad'>, session: Session): void {
  build.onResolve({ filter: new RegExp(`^${ASSET_PREFIX}`) }, ({ path: specifier }) => ({
    path: specifier.slice(ASSET_PREFIX.length),
    namespace: NAMESPACE,
  }))
  build.onLoad({ filter: /./, namespace: NAMESPACE }, async ({ path: file }) => ({
    contents: await readFile(path.resolve(session.bundler.root, file)),
    loader: 'file',
  }))
}
