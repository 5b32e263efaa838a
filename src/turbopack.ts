import { runLoader } from './bundlers/turbopack.ts'

export { meshyRules } from './bundlers/turbopack.ts'

/** A loader for Turbopack, the bundler of Next.js: pinned models, and stand-ins in `preview`. */
export default runLoader
