import type { UnpluginInstance } from 'unplugin'
import { meshy } from './index.ts'
import type { Options } from './pipeline/options.ts'

/** Models as imports, for Rsbuild. */
const rsbuild: UnpluginInstance<Options | undefined>['rsbuild'] = meshy.rsbuild

export default rsbuild
export { rsbuild as 'module.exports' }
