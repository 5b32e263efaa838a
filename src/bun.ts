import type { UnpluginInstance } from 'unplugin'
import { requirable, type Requirable } from './bundlers/plugin.ts'
import { meshy } from './index.ts'
import type { Options } from './run/option-types.ts'

/** Models as imports, for `Bun.build`. Experimental. */
const bun: Requirable<UnpluginInstance<Options | undefined>['bun']> = requirable(
  // Unlike the others, it only exists where Bun runs, which it finds out when it is called.
  (options?: Options) => meshy.bun(options),
)

export default bun
export { bun as 'module.exports' }
