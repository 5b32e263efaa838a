import type { UnpluginInstance } from 'unplugin'
import { meshy } from './index.ts'
import type { Options } from './pipeline/options.ts'

/** Models as imports, for Rolldown 1. */
const rolldown: UnpluginInstance<Options | undefined>['rolldown'] = meshy.rolldown

export default rolldown
export { rolldown as 'module.exports' }
