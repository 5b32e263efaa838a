import type { UnpluginInstance } from 'unplugin'
import { requirable, type Requirable } from './bundlers/plugin.ts'
import { meshy } from './index.ts'
import type { Options } from './run/option-types.ts'

/** Models as imports, for Rspack. */
const rspack: Requirable<UnpluginInstance<Options | undefined>['rspack']> = requirable(meshy.rspack)

export default rspack
export { rspack as 'module.exports' }
