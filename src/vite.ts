import type { UnpluginInstance } from 'unplugin'
import { meshy } from './index.ts'
import type { Options } from './pipeline/options.ts'

/** Models as imports, for Vite 6 and later. */
const vite: UnpluginInstance<Options | undefined>['vite'] = meshy.vite

export default vite
export { vite as 'module.exports' }
