import type { UnpluginInstance } from 'unplugin'
import { meshy } from './index.ts'
import type { Options } from './pipeline/options.ts'

/** Models as imports, for webpack 5. */
const webpack: UnpluginInstance<Options | undefined>['webpack'] = meshy.webpack

export default webpack
export { webpack as 'module.exports' }
