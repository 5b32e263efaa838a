import type { UnpluginInstance } from 'unplugin'
import { meshy } from './index.ts'
import type { Options } from './pipeline/options.ts'

/** Models as imports, for Rollup 4. */
const rollup: UnpluginInstance<Options | undefined>['rollup'] = meshy.rollup

export default rollup
export { rollup as 'module.exports' }
