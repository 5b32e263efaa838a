import type { MeshoptSimplifier } from 'meshoptimizer/simplifier'
import type { Sharp, SharpOptions } from 'sharp'
import { reasonOf } from '../../system/errors.ts'

/** The call signature of sharp that we use. */
export type SharpFactory = (input?: Uint8Array, options?: SharpOptions) => Sharp
export type Simplifier = typeof MeshoptSimplifier

/** What the mesher requires. */
export interface Libraries {
  sharp: SharpFactory
  simplifier: Simplifier
}

/**
 * Loads the optional libraries. `missing` names the first one that is not installed, or has no build for this machine,
 * and why.
 */
export async function loadLibraries(): Promise<Libraries | { missing: string }> {
  const sharp = await loadSharp()
  if ('missing' in sharp) return sharp
  const meshoptimizer = await load('meshoptimizer', () => import('meshoptimizer/simplifier'))
  if ('missing' in meshoptimizer) return meshoptimizer
  const simplifier = meshoptimizer.module.MeshoptSimplifier
  if (!simplifier.supported) return { missing: '`meshoptimizer` needs WebAssembly, which is switched off' }
  await simplifier.ready
  return { sharp: sharp.factory, simplifier }
}

/** Loads the image decoder, or says why it is not available. */
export async function loadSharp(): Promise<{ factory: SharpFactory } | { missing: string }> {
  const sharp = await load('sharp', () => import('sharp'))
  return 'missing' in sharp ? sharp : { factory: sharp.module.default }
}

async function load<T>(
  name: string,
  importIt: () => Promise<T>,
): Promise<{ module: T } | { missing: string }> {
  try {
    return { module: await importIt() }
  } catch (error) {
    // An optional dependency may be absent, or present without its native part: both mean "not available".
    return { missing: `\`${name}\` could not be loaded: ${reasonOf(error)}` }
  }
}
