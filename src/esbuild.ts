import type { UnpluginInstance } from 'unplugin'
import { meshy } from './index.ts'
import type { Options } from './pipeline/options.ts'

/** Models as imports, for esbuild. */
const esbuild: UnpluginInstance<Options | undefined>['esbuild'] = meshy.esbuild

export default esbuild
export { esbuild as 'module.exports' }
