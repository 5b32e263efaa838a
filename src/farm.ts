import type { UnpluginInstance } from 'unplugin'
import { requirable, type Requirable } from './bundlers/plugin.ts'
import { meshy } from './index.ts'
import type { Options } from './run/option-types.ts'

/** Models as imports, for Farm 1; experimental. */
const farm: Requirable<UnpluginInstance<Options | undefined>['farm']> = requirable(meshy.farm)

export default farm
export { farm as 'module.exports' }
