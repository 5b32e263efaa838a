import type { UnpluginInstance } from 'unplugin'
import { meshy } from './index.ts'
import type { Options } from './pipeline/options.ts'

/** Models as imports, for Rspack. */
const rspack: UnpluginInstance<Options | undefined>['rspack'] = meshy.rspack

export default rspack
export { rspack as 'module.exports' }
