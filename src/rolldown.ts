import type { UnpluginInstance } from 'unplugin'
import { requirable, type Requirable } from './bundlers/plugin.ts'
import { meshy } from './index.ts'
import type { Options } from './run/option-types.ts'

/** Models as imports, for Rolldown 1. */
const rolldown: Requirable<UnpluginInstance<Options | undefined>['rolldown']> = requirable(meshy.rolldown)

export default rolldown
export { rolldown as 'module.exports' }
