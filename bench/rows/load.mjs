import { runChild } from '../lib/child.mjs'
import { interleave } from '../lib/measure.mjs'

/** Loading the plugin, compared with loading what it requires. */
export async function measure({ rounds = 15 } = {}) {
  const plugin = new URL('../../dist/vite.mjs', import.meta.url).href
  const found = await interleave(
    {
      alone: () => runChild('load', { modules: ['unplugin', 'zod', 'xxhash-wasm'] }),
      plugin: () => runChild('load', { modules: [plugin] }),
    },
    rounds,
  )
  return { rounds, ...found }
}
