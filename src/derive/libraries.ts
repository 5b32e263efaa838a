import type * as Meshopt from 'meshoptimizer'
import type * as Watlas from 'watlas'
import { hasErrno, MeshyError, reasonOf } from '../system/errors.ts'
import { quoted } from '../system/format.ts'
import type { PackageName } from '../finding/steps.ts'

/** Optional packages, each with the function that loads it: a literal, so that bundlers and type checkers see it. */
const PACKAGES = {
  sharp: async () => (await import('sharp')).default,
  meshoptimizer: async () => readyMeshopt(await import('meshoptimizer')),
  draco3dgltf: async () => (await import('draco3dgltf')).default,
  watlas: async () => readyWatlas(await import('watlas')),
} satisfies Record<PackageName, () => Promise<unknown>>

type Packages = { [Name in PackageName]?: Awaited<ReturnType<(typeof PACKAGES)[Name]>> }

const GLTF_TRANSFORM = {
  '@gltf-transform/core': () => import('@gltf-transform/core'),
  '@gltf-transform/extensions': () => import('@gltf-transform/extensions'),
  '@gltf-transform/functions': () => import('@gltf-transform/functions'),
}

export type Tools = Awaited<ReturnType<typeof loadTools>>

/**
 * Loads glTF-Transform, an optional peer, and these packages, and nothing else.
 *
 * @throws {MeshyError} MESHY_DERIVE_UNAVAILABLE naming everything that is missing
 */
export async function loadTools(names: readonly PackageName[]) {
  await requirePackages(names)
  const loaded = await Promise.all(names.map(async (name) => [name, await PACKAGES[name]()]))
  const [core, extensions, functions] = await Promise.all([
    GLTF_TRANSFORM['@gltf-transform/core'](),
    GLTF_TRANSFORM['@gltf-transform/extensions'](),
    GLTF_TRANSFORM['@gltf-transform/functions'](),
  ])
  return { core, extensions, functions, ...(Object.fromEntries(loaded) as Packages) }
}

/**
 * Makes sure that glTF-Transform and these packages can be loaded on this machine, by loading them.
 *
 * @throws {MeshyError} MESHY_DERIVE_UNAVAILABLE naming exactly what is missing
 */
export async function requirePackages(names: readonly PackageName[]): Promise<void> {
  const wanted = { ...GLTF_TRANSFORM, ...Object.fromEntries(names.map((name) => [name, PACKAGES[name]])) }
  const found = await Promise.all(
    Object.entries<() => Promise<unknown>>(wanted).map(([name, load]) => findMissing(name, load)),
  )
  const missing = await blameSharp(found.filter((one) => one !== undefined))
  if (missing.length > 0) throw unavailable(missing)
}

/** glTF-Transform reads pixels with `sharp`, and cannot be loaded without it; then that is what is missing. */
async function blameSharp(missing: MissingPackage[]): Promise<MissingPackage[]> {
  const leaning = missing.find(({ name, isInstalled }) => name === '@gltf-transform/functions' && isInstalled)
  if (!leaning) return missing
  const sharp = missing.find(({ name }) => name === 'sharp') ?? (await findMissing('sharp', PACKAGES.sharp))
  if (!sharp) return missing
  return [...missing.filter((one) => one !== leaning && one !== sharp), sharp]
}

/** A package that a step declared as needed, and that was loaded for it. */
export function need<Name extends PackageName>(tools: Tools, name: Name): NonNullable<Packages[Name]> {
  const found = tools[name]
  if (found === undefined) throw new Error(`\`${name}\` was not loaded`)
  return found
}

async function readyMeshopt(meshopt: typeof Meshopt) {
  const { MeshoptEncoder, MeshoptDecoder, MeshoptSimplifier } = meshopt
  await Promise.all([MeshoptEncoder.ready, MeshoptDecoder.ready, MeshoptSimplifier.ready])
  return meshopt
}

async function readyWatlas(watlas: typeof Watlas) {
  await watlas.Initialize()
  return watlas
}

interface MissingPackage {
  name: string
  /** Whether it is installed and just cannot be loaded, usually because its native part for this machine is missing. */
  isInstalled: boolean
  cause: unknown
}

/** An optional package may be absent, or present without its native part. */
async function findMissing(name: string, load: () => Promise<unknown>): Promise<MissingPackage | undefined> {
  try {
    await load()
    return undefined
  } catch (cause) {
    return { name, isInstalled: !isNotFound(cause, name), cause }
  }
}

function isNotFound(error: unknown, name: string): boolean {
  const isOfLoader = hasErrno(error, 'ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND')
  return isOfLoader && error instanceof Error && error.message.includes(`'${name}'`)
}

function unavailable(missing: readonly MissingPackage[]): MeshyError {
  const absent = missing.filter(({ isInstalled }) => !isInstalled).map(({ name }) => name)
  const broken = missing.filter(({ isInstalled }) => isInstalled)
  const problems = [
    ...(absent.length > 0 ? [`${quoted(absent)} ${absent.length > 1 ? 'are' : 'is'} not installed`] : []),
    ...broken.map(
      ({ name, cause }) => `\`${name}\` is installed, but cannot be loaded here (${reasonOf(cause)})`,
    ),
  ]
  // npm fails in what these have installed. Each tells its name to the programs that it runs.
  const [manager] = /^(?:pnpm|yarn|bun)(?=\/)/.exec(process.env['npm_config_user_agent'] ?? '') ?? []
  const commands = manager
    ? [`${manager} add -D ${[...absent, ...broken.map(({ name }) => name)].join(' ')}`]
    : [
        ...(absent.length > 0 ? [`npm install --save-dev ${absent.join(' ')}`] : []),
        // Its native parts for each platform are optional dependencies, which a lockfile from another platform may lack.
        ...broken.map(({ name }) => `npm install --include=optional ${name}`),
      ]
  return new MeshyError('MESHY_DERIVE_UNAVAILABLE', {
    message: `Nothing can be derived from models: ${problems.join('; ')}.`,
    hint: `Run ${quoted(commands, ' and ')}.`,
    details: { packages: missing.map(({ name }) => name) },
    cause: missing[0]?.cause,
  })
}
