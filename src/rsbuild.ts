import type { UnpluginInstance } from 'unplugin'
import { requirable, type Requirable } from './bundlers/plugin.ts'
import { meshy } from './index.ts'
import type { Options } from './run/option-types.ts'

/** Models as imports, for Rsbuild. */
const rsbuild: Requirable<UnpluginInstance<Options | undefined>['rsbuild']> = requirable(meshy.rsbuild)

export default rsbuild
export { rsbuild as 'module.exports' }
