import { MeshyError } from '../errors.ts'
import { completePlan, type DerivationPlan } from './steps.ts'

const GLTF_TRANSFORM = ['@gltf-transform/core', '@gltf-transform/extensions', '@gltf-transform/functions']

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

/**
 * Loads what the steps of a plan need, and nothing else.
 *
 * @throws {MeshyError} MESHY_DERIVE_UNAVAILABLE
 */
export async function loadTools(plan: DerivationPlan) {
  const { optimize, simplify, textureSize, compress } = completePlan(plan)
  const needsSharp = optimize === true || textureSize !== undefined
  const needsMeshopt = simplify !== undefined || compress === 'meshopt'
  return {
    ...(await loadGltfTransform()),
    sharp: needsSharp ? (await load(['sharp'], () => import('sharp'))).default : undefined,
    meshopt: needsMeshopt ? await load(['meshoptimizer'], () => import('meshoptimizer')) : undefined,
    draco:
      compress === 'draco' ? (await load(['draco3dgltf'], () => import('draco3dgltf'))).default : undefined,
  }
}

export type Tools = Awaited<ReturnType<typeof loadTools>>

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
