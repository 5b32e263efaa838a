import { rm } from 'node:fs/promises'
import path from 'node:path'
import { build as buildByFarm } from '@farmfe/core'
import { createRsbuild } from '@rsbuild/core'
import { rspack } from '@rspack/core'
import { build as buildByEsbuild } from 'esbuild'
import { rolldown } from 'rolldown'
import { rollup } from 'rollup'
import webpack from 'webpack'
import meshyForEsbuild from '../../../src/esbuild.ts'
import meshyForFarm from '../../../src/farm.ts'
import type { Options } from '../../../src/index.ts'
import meshyForRolldown from '../../../src/rolldown.ts'
import meshyForRollup from '../../../src/rollup.ts'
import meshyForRsbuild from '../../../src/rsbuild.ts'
import meshyForRspack from '../../../src/rspack.ts'
import meshyForWebpack from '../../../src/webpack.ts'
import type { Project } from '../../support/project.ts'
import { readFiles, workIn, type Built } from '../harness.ts'

/** What a build of the matrix is given; each driver says it in the words of its bundler. */
export interface MatrixInit {
  meshy: Options
  /** @default 'dist' */
  outDir?: string
  /** What every URL begins with. */
  publicPath?: string
  sourcemap?: boolean
  /** A folder for a cache that outlives the process, where the bundler has one. */
  cacheDir?: string
  /** Rules of a user that also match pictures and models. */
  userRules?: 'loose' | 'oneOf' | 'glb'
  minify?: boolean
  /** How many modules Rollup looks at together. */
  parallel?: number
}

/** A bundler of the matrix: all have the entry `src/main.js`, an alias `@` for `src`, and a page's worth of output. */
export type Driver = (project: Project, init: MatrixInit) => Promise<Built>

export const MATRIX = ['Rollup', 'Rolldown', 'webpack', 'Rspack', 'Rsbuild', 'esbuild', 'Farm'] as const
export type MatrixName = (typeof MATRIX)[number]

export const DRIVERS: Record<MatrixName, Driver> = {
  Rollup: driveRollup,
  Rolldown: driveRolldown,
  webpack: driveWebpack,
  Rspack: driveRspack,
  Rsbuild: driveRsbuild,
  esbuild: driveEsbuild,
  Farm: driveFarm,
}

async function driveRollup({ root }: Project, init: MatrixInit): Promise<Built> {
  workIn(root)
  const bundle = await rollup({
    input: path.join(root, 'src/main.js'),
    // Rollup knows no aliases by itself; this is what a plugin for them does.
    plugins: [meshyForRollup(meshyOptions(init)), aliasPlugin(root)],
    onLog: () => {},
    ...(init.parallel && { maxParallelFileOps: init.parallel }),
  })
  const { dir, output } = await emptied(root, init)
  const { sourcemap = false } = init
  await bundle.write({ dir, sourcemap, assetFileNames: 'assets/[name]-[hash][extname]' })
  await bundle.close()
  return output()
}

async function driveRolldown({ root }: Project, init: MatrixInit): Promise<Built> {
  const bundle = await rolldown({
    cwd: root,
    input: path.join(root, 'src/main.js'),
    plugins: [meshyForRolldown(meshyOptions(init))],
    resolve: { alias: { '@': path.join(root, 'src') } },
    logLevel: 'silent',
  })
  const { dir, output } = await emptied(root, init)
  const { sourcemap = false } = init
  await bundle.write({ dir, sourcemap, assetFileNames: 'assets/[name]-[hash][extname]' })
  await bundle.close()
  return output()
}

async function driveWebpack({ root }: Project, init: MatrixInit): Promise<Built> {
  const { dir, output } = await emptied(root, init)
  const compiler = webpack(webpackConfig(root, { ...init, dir, plugin: meshyForWebpack(init.meshy) }))
  const log = await runCompiler(compiler as unknown as RunnableCompiler)
  return { ...(await output()), log }
}

async function driveRspack({ root }: Project, init: MatrixInit): Promise<Built> {
  const { dir, output } = await emptied(root, init)
  const { cacheDir } = init
  const compiler = rspack({
    ...(webpackConfig(root, { ...init, dir, plugin: meshyForRspack(init.meshy) }) as object),
    cache: cacheDir ? { type: 'persistent', storage: { type: 'filesystem', directory: cacheDir } } : false,
  })
  const log = await runCompiler(compiler as unknown as RunnableCompiler)
  return { ...(await output()), log }
}

async function driveRsbuild({ root }: Project, init: MatrixInit): Promise<Built> {
  const { dir, output } = await emptied(root, init)
  const { publicPath, sourcemap = false } = init
  const rsbuild = await createRsbuild({
    cwd: root,
    config: {
      logLevel: 'silent',
      mode: 'production',
      plugins: [meshyForRsbuild(init.meshy)],
      source: { entry: { main: './src/main.js' } },
      resolve: { alias: { '@': path.join(root, 'src') } },
      output: {
        distPath: { root: dir },
        sourceMap: sourcemap,
        filename: { js: '[name].js' },
        ...(publicPath ? { assetPrefix: publicPath } : {}),
      },
    },
  })
  const { close } = await rsbuild.build()
  await close()
  return output()
}

async function driveEsbuild({ root }: Project, init: MatrixInit): Promise<Built> {
  const { dir, output } = await emptied(root, init)
  const { publicPath, sourcemap = false, userRules, minify = false } = init
  await buildByEsbuild({
    absWorkingDir: root,
    entryPoints: ['src/main.js'],
    bundle: true,
    format: 'esm',
    outdir: dir,
    sourcemap,
    minify,
    assetNames: 'assets/[name]-[hash]',
    alias: { '@': path.join(root, 'src') },
    loader: userRules ? { '.png': 'file', '.glb': 'dataurl' } : {},
    logLevel: 'silent',
    ...(publicPath ? { publicPath } : {}),
    plugins: [meshyForEsbuild(init.meshy)],
  })
  return output()
}

async function driveFarm({ root }: Project, init: MatrixInit): Promise<Built> {
  workIn(root)
  const { dir, output } = await emptied(root, init)
  const { publicPath, sourcemap = false } = init
  await buildByFarm({
    root,
    mode: 'production',
    logger: quietFarmLogger(),
    plugins: [meshyForFarm(init.meshy)],
    compilation: {
      input: { main: './src/main.js' },
      output: {
        path: dir,
        targetEnv: 'browser',
        format: 'esm',
        filename: '[resourceName].[ext]',
        ...(publicPath ? { publicPath } : {}),
      },
      resolve: { alias: { '@': path.join(root, 'src') } },
      sourcemap,
      minify: false,
      presetEnv: false,
      // One file: what is split off waits for a page that Farm writes itself.
      partialBundling: { enforceResources: [{ name: 'main', test: ['.+'] }] },
    },
  } as unknown as Parameters<typeof buildByFarm>[0])
  return output()
}

/** Farm's own ends the process on an error. */
export function quietFarmLogger() {
  const silent = () => {}
  const fail = (text: unknown) => {
    throw new Error(String(text))
  }
  const names = ['trace', 'debug', 'info', 'warn', 'infoOnce', 'warnOnce', 'hasErrorLogged', 'setPrefix']
  return { ...Object.fromEntries(names.map((name) => [name, silent])), error: fail, errorOnce: fail }
}

/** A configuration that webpack and Rspack read alike. */
export function webpackConfig(
  root: string,
  init: MatrixInit & { dir: string; plugin: unknown },
): webpack.Configuration {
  const { dir, plugin, publicPath, sourcemap, cacheDir, userRules, minify = false } = init
  return {
    mode: 'production',
    context: root,
    entry: { main: './src/main.js' },
    devtool: sourcemap ? 'source-map' : false,
    output: {
      path: dir,
      filename: '[name].mjs',
      module: true,
      library: { type: 'module' },
      chunkFormat: 'module',
      clean: true,
      ...(publicPath ? { publicPath } : {}),
    },
    experiments: { outputModule: true },
    optimization: { minimize: minify },
    resolve: { alias: { '@': path.join(root, 'src') } },
    module: { rules: userRules ? USER_RULES[userRules] : [] },
    performance: false,
    infrastructureLogging: { level: 'none' },
    plugins: [plugin as webpack.WebpackPluginInstance],
    ...(cacheDir ? { cache: { type: 'filesystem', cacheDirectory: cacheDir } } : { cache: false }),
  } as webpack.Configuration
}

const USER_RULES: Record<NonNullable<MatrixInit['userRules']>, webpack.RuleSetRule[]> = {
  loose: [{ test: /\.png/, type: 'asset/inline' }],
  // As Create React App has it: what nothing else takes is a file.
  oneOf: [
    {
      oneOf: [
        { test: /\.png$/, type: 'asset' },
        { exclude: /\.(js|mjs|jsx|ts|tsx|html|json)$/, type: 'asset/resource' },
      ],
    },
  ],
  glb: [{ test: /\.glb$/, type: 'asset/inline' }],
}

export interface RunnableCompiler {
  run(done: (error: Error | null, stats?: RunStats) => void): void
  close(done: (error?: Error | null) => void): void
}

export interface RunStats {
  hasErrors(): boolean
  toString(options: object): string
  toJson(options: object): { modules?: RunModule[] }
}

interface RunModule {
  name?: string
  built?: boolean
  modules?: RunModule[]
}

/** Runs a compiler to its end, and throws what it says. Returns a line for each module that no cache had. */
export async function runCompiler(compiler: RunnableCompiler): Promise<string> {
  const log = await new Promise<string>((resolve, reject) => {
    compiler.run((error, stats) => {
      if (error) return reject(error)
      if (stats?.hasErrors()) return reject(new Error(stats.toString({ all: false, errors: true })))
      resolve(builtModules(stats).join('\n'))
    })
  }).finally(() => new Promise<void>((resolve) => compiler.close(() => resolve())))
  return log
}

function builtModules(stats: RunStats | undefined): string[] {
  const { modules = [] } = stats?.toJson({ all: false, modules: true, nestedModules: true }) ?? {}
  const all = modules.flatMap((module) => [module].concat(module.modules ?? []))
  return all.filter(({ built }) => built).map(({ name = '' }) => `built ${name}`)
}

function meshyOptions({ meshy, publicPath }: MatrixInit): Options {
  return publicPath === undefined ? meshy : { ...meshy, publicPath }
}

function aliasPlugin(root: string) {
  return {
    name: 'alias',
    resolveId: (source: string) => (source.startsWith('@/') ? path.join(root, 'src', source.slice(2)) : null),
  }
}

async function emptied(root: string, { outDir = 'dist' }: MatrixInit) {
  const dir = path.join(root, outDir)
  await rm(dir, { recursive: true, force: true })
  const output = async () => ({ outDir: dir, files: await readFiles(dir), log: '' })
  return { dir, output }
}
