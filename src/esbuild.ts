import type { UnpluginInstance } from 'unplugin'
import { requirable, type Requirable } from './bundlers/plugin.ts'
import { meshy } from './index.ts'
import type { Options } from './run/option-types.ts'

/** Models as imports, for esbuild. */
const esbuild: Requirable<UnpluginInstance<Options | undefined>['esbuild']> = requirable(meshy.esbuild)

export default esbuild
export { esbuild as 'module.exports' }
