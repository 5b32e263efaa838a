import type { UnpluginInstance } from 'unplugin'
import { requirable, type Requirable } from './bundlers/plugin.ts'
import { meshy } from './index.ts'
import type { Options } from './run/option-types.ts'

/** Models as imports, for Rollup 4. */
const rollup: Requirable<UnpluginInstance<Options | undefined>['rollup']> = requirable(meshy.rollup)

export default rollup
export { rollup as 'module.exports' }
