import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Plugin } from 'esbuild'
import type { Setting } from './worlds.ts'

/** A change of the sources: a mistake that the simulation has to find. */
export interface Mutation {
  name: string
  /** Path in the repository. */
  file: string
  /** Exactly as it stands there, once. */
  from: string
  to: string
  /** The worlds in which it matters; in all of them together it would be found much later. */
  setting?: Setting
}

const HERE = fileURLToPath(new URL('./', import.meta.url))
export const REPOSITORY = path.join(HERE, '../..')

/** What programs are given in the place of the machine that they run on. */
const STAND_INS: Record<string, string> = {
  'node:fs': 'fs.ts',
  'node:fs/promises': 'fs-promises.ts',
  'node:crypto': 'crypto.ts',
  'node:os': 'os.ts',
}
const REPLACED: Record<string, string> = {
  'src/system/fetch.ts': 'fetch.ts',
  'src/store/shared/s3-store.ts': 's3-store.ts',
  'src/generate/picture-proof.ts': 'picture-proof.ts',
}

/** Bundles the simulation with the sources of now, or with a mistake in them, into one program. */
export async function bundle(outfile: string, mutation?: Mutation): Promise<void> {
  const plugins = [simulated, changed(mutation ? [...SMALLER, mutation] : SMALLER)]
  await build({
    entryPoints: [path.join(HERE, 'program.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'error',
    // The optional packages are of no use here.
    external: ['undici', 'sharp', 'meshoptimizer', 'watlas', '@gltf-transform/*', '@aws-sdk/*', 'jiti'],
    inject: ['abort.ts', 'globals.ts'].map((file) => path.join(HERE, 'node', file)),
    define: {
      'Date.now': 'simulatedNow',
      'performance.now': 'simulatedElapsed',
      'Math.random': 'simulatedRandom',
    },
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
    plugins,
  })
}

const simulated: Plugin = {
  name: 'simulated',
  setup(build) {
    build.onResolve({ filter: /^node:/ }, ({ path: id, importer }) => {
      const file = importer.startsWith(HERE) ? undefined : STAND_INS[id]
      return file === undefined ? { path: id, external: true } : { path: path.join(HERE, 'node', file) }
    })
    build.onResolve({ filter: /^\.\.?\/.*\.ts$/ }, ({ path: id, importer }) => {
      if (importer.startsWith(HERE)) return undefined
      const file = REPLACED[path.relative(REPOSITORY, path.resolve(path.dirname(importer), id))]
      return file === undefined ? undefined : { path: path.join(HERE, 'node', file) }
    })
  },
}

/** Sizes that cost time and change nothing here. */
const SMALLER: readonly Mutation[] = [
  {
    name: 'a small buffer',
    file: 'src/store/digest.ts',
    from: 'CHUNK_BYTES = 1 << 20',
    to: 'CHUNK_BYTES = 1024',
  },
  {
    name: 'a small probe',
    file: 'src/store/probe.ts',
    from: 'PROBE_BYTES = 64 * 1024',
    to: 'PROBE_BYTES = 64',
  },
  {
    name: 'fewer signs for other programs',
    file: 'src/store/prepare.ts',
    from: 'Object.entries(signs)',
    to: 'Object.entries(signs).slice(0, 2)',
  },
  {
    name: 'a patient look at a lease',
    file: 'src/store/lease.ts',
    from: 'Math.min(10 * 1.3 ** pauses, 250)',
    to: 'Math.min(10 * 1.5 ** pauses, 10_000)',
  },
  {
    name: 'a patient look at a lease of the team',
    file: 'src/store/shared/team-leases.ts',
    from: 'POLL_MS = 2_000',
    to: 'POLL_MS = 9_000',
  },
]

function changed(changes: readonly Mutation[]): Plugin {
  return {
    name: 'changed',
    setup(build) {
      const left = new Set(changes)
      build.onLoad({ filter: /\/src\/.*\.ts$/ }, async ({ path: id }) => {
        const own = changes.filter(({ file }) => id === path.join(REPOSITORY, file))
        if (own.length === 0) return undefined
        for (const change of own) left.delete(change)
        return { contents: own.reduce(applied, await readFile(id, 'utf8')), loader: 'ts' }
      })
      build.onEnd(() => {
        for (const { name, file } of left) throw new Error(`${name}: ${file} is no part of the simulation`)
      })
    },
  }
}

function applied(source: string, { name, file, from, to }: Mutation): string {
  const parts = source.split(from)
  if (parts.length !== 2)
    throw new Error(`${name}: expected once in ${file}, found ${parts.length - 1} times: ${from}`)
  return parts.join(to)
}
