import { isMeshyError } from '../system/errors.ts'
import { loadLibraries } from '../stand-in/mesher/libraries.ts'
import { createPreviewPool } from '../stand-in/mesher/pool.ts'
import { findWorkerScript } from '../stand-in/mesher/worker-script.ts'
import { createCardMaker } from './card-maker.ts'
import { createMeshMaker } from './mesh-maker.ts'
import type { ModelMaker } from './model-maker.ts'

/** Which models an emulator makes: three-dimensional ones, or cards. */
export type ModelKind = 'mesh' | 'card'

/** Makes meshes where the optional libraries are installed, and cards elsewhere. Nothing is loaded before the first task. */
export function chooseMaker(models: ModelKind, load = loadLibraries): ModelMaker {
  if (models === 'card') return createCardMaker()
  let chosen: Promise<ModelMaker> | undefined
  const choose = () => (chosen ??= findMaker(load))
  return {
    plan: async (input) => (await choose()).plan(input),
    make: async (input, role) => (await choose()).make(input, role),
    inUse: async () => (await choose()).inUse?.() ?? { kind: 'mesh' },
    close: async () => (await chosen)?.close?.(),
  }
}

async function findMaker(load: typeof loadLibraries): Promise<ModelMaker> {
  const libraries = await load()
  if ('missing' in libraries) return cardsBecause(libraries.missing)
  try {
    const pool = createPreviewPool({ script: findWorkerScript() })
    return createMeshMaker(libraries.sharp, pool)
  } catch (error) {
    if (isMeshyError(error) && error.code === 'MESHY_PREVIEW_UNAVAILABLE') return cardsBecause(error.message)
    throw error
  }
}

function cardsBecause(reason: string): ModelMaker {
  return { ...createCardMaker(), inUse: () => Promise.resolve({ kind: 'card', reason }) }
}
