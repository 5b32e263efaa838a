import { runLoader } from './bundlers/turbopack.ts'

export { meshyRules } from './bundlers/turbopack.ts'

/** A loader for Turbopack, the bundler of Next.js: models that are pinned, and stand-ins in `preview`. */
export default runLoader
