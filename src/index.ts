import { createUnplugin, type UnpluginInstance } from 'unplugin'
import { createPlugin } from './bundlers/plugin.ts'
import { createInspector } from './inspector/middleware.ts'
import type { Options } from './pipeline/options.ts'

export { isMeshyError, MeshyError, type ErrorCode, type ImportSite } from './errors.ts'
export type { Mode } from './pipeline/modes.ts'
export type { Options } from './pipeline/options.ts'
export type { MeshyAsset } from './types.ts'

/** The plugin for every bundler: `meshy.vite()`, `meshy.rollup()`. Each has an entry of its own as well. */
export const meshy: UnpluginInstance<Options | undefined> = createUnplugin((options, meta) =>
  createPlugin(options ?? {}, {
    framework: meta.framework,
    another: () => meshy.vite(options),
    createInspector,
  }),
)

export default meshy
