import type { UnpluginInstance } from 'unplugin'
import { requirable, type Requirable } from './bundlers/plugin.ts'
import { meshy } from './index.ts'
import type { Options } from './run/option-types.ts'

/** Models as imports, for Vite 6 and later. */
const vite: Requirable<UnpluginInstance<Options | undefined>['vite']> = requirable(meshy.vite)

export default vite
export { vite as 'module.exports' }
