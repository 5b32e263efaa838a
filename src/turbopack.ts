import { runLoader } from './bundlers/turbopack.ts'

/** A loader for Turbopack, the bundler of Next.js: models that are pinned, and stand-ins in `preview`. */
export default runLoader

/** The rules for `turbopack.rules` in `next.config`: imports with `?meshy` go to the loader, and no others. */
export function meshyRules(): Record<string, object> {
  const condition = { query: /[?&]meshy(?:[=&]|$)/ }
  const rule = { condition, loaders: ['unplugin-meshy/turbopack'], as: '*.js' }
  return { '*.png': rule, '*.jpg': rule, '*.jpeg': rule, '*.meshy.json': rule }
}
