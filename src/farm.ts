import type { UnpluginInstance } from 'unplugin'
import { meshy } from './index.ts'
import type { Options } from './pipeline/options.ts'

/** Models as imports, for Farm 1; experimental. */
const farm: UnpluginInstance<Options | undefined>['farm'] = meshy.farm

export default farm
export { farm as 'module.exports' }
