import type * as Meshopt from 'meshoptimizer'
import { MeshyError } from '../errors.ts'

const GLTF_TRANSFORM = ['@gltf-transform/core', '@gltf-transform/extensions', '@gltf-transform/functions']

/** Optional packages, each with what loads it: a literal, so that bundlers and type checkers see it. */
const PACKAGES = {
  sharp: async () => (await import('sharp')).default,
  meshoptimizer: async () => readyMeshopt(await import('meshoptimizer')),
  draco3dgltf: async () => (await import('draco3dgltf')).default,
}

export type PackageName = keyof typeof PACKAGES

type Packages = { [Name in PackageName]?: Awaited<ReturnType<(typeof PACKAGES)[Name]>> }

/**
 * Loads glTF-Transform, an optional peer.
 *
 * @throws {MeshyError} MESHY_DERIVE_UNAVAILABLE
 */
export async function loadGltfTransform() {
  const [core, extensions, functions] = await Promise.all([
    load(GLTF_TRANSFORM, () => import('@gltf-transform/core')),
    load(GLTF_TRANSFORM, () => import('@gltf-transform/extensions')),
    load(GLTF_TRANSFORM, () => import('@gltf-transform/functions')),
  ])
  return { core, extensions, functions }
}

export type GltfTransform = Awaited<ReturnType<typeof loadGltfTransform>>

export type Tools = GltfTransform & Packages

/**
 * Loads glTF-Transform and these packages, and nothing else.
 *
 * @throws {MeshyError} MESHY_DERIVE_UNAVAILABLE naming what is missing
 */
export async function loadTools(names: readonly PackageName[]): Promise<Tools> {
  const tools = await loadGltfTransform()
  const loaded = await Promise.all(
    names.map(async (name) => [name, await load<unknown>([name], PACKAGES[name])]),
  )
  return { ...tools, ...(Object.fromEntries(loaded) as Packages) }
}

/** A package that a step said it needs, which was loaded for it. */
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

async function load<T>(packages: readonly string[], importIt: () => Promise<T>): Promise<T> {
  try {
    return await importIt()
  } catch (cause) {
    // An optional package may be absent, or present without its native half: both read as "not here".
    const reason = cause instanceof Error ? cause.message.split('\n', 1)[0] : String(cause)
    throw new MeshyError('MESHY_DERIVE_UNAVAILABLE', {
      message: `Nothing can be derived from models: ${packages.map((name) => `\`${name}\``).join(', ')} could not be loaded (${reason}).`,
      hint: `Run \`npm install --save-dev ${packages.join(' ')}\`.`,
      details: { packages },
      cause,
    })
  }
}
