import path from 'node:path'
import { createRsbuild } from '@rsbuild/core'
import { rspack } from '@rspack/core'
import { context } from 'esbuild'
import { watch as watchByRolldown } from 'rolldown'
import { watch as watchByRollup } from 'rollup'
import { onTestFinished } from 'vitest'
import webpack from 'webpack'
import meshyForEsbuild from '../../../src/esbuild.ts'
import type { Options } from '../../../src/index.ts'
import meshyForRolldown from '../../../src/rolldown.ts'
import meshyForRollup from '../../../src/rollup.ts'
import meshyForRsbuild from '../../../src/rsbuild.ts'
import meshyForRspack from '../../../src/rspack.ts'
import meshyForWebpack from '../../../src/webpack.ts'
import type { Project } from '../../support/project.ts'
import { readFiles, workIn, type Built } from '../harness.ts'
import { webpackConfig } from './drivers.ts'

export const WATCHERS = ['Rollup', 'Rolldown', 'webpack', 'Rspack', 'Rsbuild', 'esbuild'] as const
export type WatcherName = (typeof WATCHERS)[number]

/** A bundler that watches a project with the entry `main.js`. */
export interface Watcher {
  /** Resolves with the output once it fulfils `isRight`, at the end of this build or a later one. */
  until(isRight: (built: Built) => boolean): Promise<Built>
  close(): Promise<void>
}

/** Starts to watch, until the test ends. */
export async function startWatching(name: WatcherName, { root }: Project, meshy: Options): Promise<Watcher> {
  const outDir = path.join(root, 'dist')
  const builds = new Builds(async () => ({ outDir, files: await readFiles(outDir), log: '' }))
  const stop = await START[name]({ root, outDir, meshy, onBuilt: () => builds.add() })
  onTestFinished(stop)
  return { until: (isRight) => builds.until(isRight), close: stop }
}

interface Start {
  root: string
  outDir: string
  meshy: Options
  onBuilt: () => void
}

const START: Record<WatcherName, (start: Start) => Promise<() => Promise<void>>> = {
  Rollup: async ({ root, outDir, meshy, onBuilt }) => {
    workIn(root)
    const input = path.join(root, 'main.js')
    const watcher = watchByRollup({ input, plugins: [meshyForRollup(meshy)], output: { dir: outDir } })
    watcher.on('event', ({ code }) => {
      if (code === 'END') onBuilt()
    })
    return () => watcher.close()
  },
  Rolldown: async ({ root, outDir, meshy, onBuilt }) => {
    const input = path.join(root, 'main.js')
    const plugins = [meshyForRolldown(meshy)]
    const watcher = watchByRolldown({ cwd: root, input, plugins, output: { dir: outDir } })
    watcher.on('event', ({ code }) => {
      if (code === 'END') onBuilt()
    })
    return () => watcher.close()
  },
  webpack: async (start) =>
    watchCompiler(webpack(compilerConfig(start, meshyForWebpack(start.meshy))), start),
  Rspack: async (start) =>
    watchCompiler(rspack(compilerConfig(start, meshyForRspack(start.meshy)) as object), start),
  Rsbuild: async ({ root, outDir, meshy, onBuilt }) => {
    const rsbuild = await createRsbuild({
      cwd: root,
      config: {
        logLevel: 'silent',
        mode: 'production',
        plugins: [meshyForRsbuild(meshy)],
        source: { entry: { main: './main.js' } },
        output: { distPath: { root: outDir, js: '' }, filename: { js: '[name].js' } },
        tools: { rspack: { watchOptions: { aggregateTimeout: 20 } } },
      },
    })
    rsbuild.onAfterBuild(onBuilt)
    const { close } = await rsbuild.build({ watch: true })
    return close
  },
  esbuild: async ({ root, outDir, meshy, onBuilt }) => {
    const building = await context({
      absWorkingDir: root,
      entryPoints: ['main.js'],
      bundle: true,
      format: 'esm',
      outdir: outDir,
      logLevel: 'silent',
      plugins: [
        meshyForEsbuild({ ...meshy, live: true }),
        { name: 'told', setup: ({ onEnd }) => onEnd(onBuilt) },
      ],
    })
    await building.watch()
    return () => building.dispose()
  },
}

function compilerConfig({ root, outDir, meshy }: Start, plugin: unknown): webpack.Configuration {
  return { ...webpackConfig(root, { dir: outDir, meshy, plugin }), entry: { main: './main.js' } }
}

interface WatchableCompiler {
  watch(options: object, done: () => void): unknown
  close(done: () => void): void
}

async function watchCompiler(compiler: unknown, { onBuilt }: Start): Promise<() => Promise<void>> {
  // webpack and Rspack have types of their own, which fit each other here.
  const watchable = compiler as WatchableCompiler
  watchable.watch({ aggregateTimeout: 20 }, onBuilt)
  return () => new Promise((resolve) => watchable.close(resolve))
}

/** Looks at the output each time that a build has ended. */
class Builds {
  #waiting: (() => void)[] = []
  readonly #read: () => Promise<Built>

  constructor(read: () => Promise<Built>) {
    this.#read = read
  }

  add(): void {
    for (const wake of this.#waiting.splice(0)) wake()
  }

  async until(isRight: (built: Built) => boolean): Promise<Built> {
    for (;;) {
      const next = new Promise<void>((resolve) => this.#waiting.push(resolve))
      const built = await this.#read()
      if (isRight(built)) return built
      await next
    }
  }
}
