import type { UnpluginInstance } from 'unplugin'
import { requirable, type Requirable } from './bundlers/plugin.ts'
import { meshy } from './index.ts'
import type { Options } from './run/option-types.ts'

/** Models as imports, for webpack 5. */
const webpack: Requirable<UnpluginInstance<Options | undefined>['webpack']> = requirable(meshy.webpack)

export default webpack
export { webpack as 'module.exports' }
