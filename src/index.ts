import { createUnplugin, type UnpluginInstance } from 'unplugin'
import { createPlugin } from './bundlers/plugin.ts'
import type { Session } from './bundlers/session.ts'
import type { Options } from './run/option-types.ts'

export { isMeshyError, MeshyError, type ErrorCode, type ImportSite } from './system/errors.ts'
export type { Mode } from './finding/modes.ts'
export type { Options } from './run/option-types.ts'
export type { MeshyAsset } from './types.ts'

/** The plugin for every bundler: `meshy.vite()`, `meshy.rollup()`. Each one also has an entry of its own. */
export const meshy: UnpluginInstance<Options | undefined> = createInstance()

/** @param parent the run that the instance is a part of */
function createInstance(parent?: Session): UnpluginInstance<Options | undefined> {
  return createUnplugin((options, meta) =>
    createPlugin(options ?? {}, {
      framework: meta.framework,
      parent,
      createWorkerInstance: (session) => createInstance(session).vite(options),
      createInspector: async (server) => (await import('./inspector/middleware.ts')).createInspector(server),
    }),
  )
}

export default meshy
