import path from 'node:path'
import { keepState, modelsIn, optimizeByCommand, restoreState, sizeOf } from '../lib/by-command.mjs'
import { runChild } from '../lib/child.mjs'
import { writeEmoji } from '../lib/emoji.mjs'
import { interleave } from '../lib/measure.mjs'
import { createProject, entryOf } from '../lib/project.mjs'

/** Nothing is missing, so nothing is sent; derivations are made in this mode. */
const READY = { emulated: true, mode: 'generate' }

/**
 * `optimize` in a build, and from the cache, compared with `gltf-transform optimize` on the same models, one after the
 * other.
 */
export async function measure({ models = 4, rounds = 3 } = {}) {
  const project = await createProject({ pictures: 0 })
  const { root } = project
  try {
    await writeEmoji(path.join(root, 'pictures'), { count: models, size: 2048 })
    const code = (query) =>
      entryOf(
        models,
        (i) => `./pictures/p${i}.png?meshy${query}`,
        (name) => `${name}.url`,
      )
    await project.write('raw.js', code('&pbr'))
    await project.write('optimized.js', code('&pbr&optimize'))
    await runChild('fill', { root, entry: 'raw.js' })
    await keepState(root)
    const build = (entry) => runChild('build', { root, entry, plugin: { meshy: READY } })
    const found = await interleave(
      {
        raw: () => build('raw.js'),
        first: async () => {
          await restoreState(root)
          return build('optimized.js')
        },
        later: () => build('optimized.js'),
        command: () => optimizeByCommand(root),
      },
      rounds,
    )
    const bytes = await sizeOf(await modelsIn(path.join(root, 'dist')))
    const each = (ms) => ms / models
    const command = each(found.command.ms)
    const row = (how, ms, more) => ({ how, ms, ratioOfMs: ms / command, ...more })
    const rawBytes = await sizeOf(await modelsIn(path.join(root, 'kept', 'out')))
    return {
      models,
      rounds,
      rawMB: rawBytes / models / 1e6,
      rows: [
        row('`gltf-transform optimize`', command, {
          bytes: found.command.bytes / models,
          ratioOfMs: undefined,
        }),
        row('`optimize`, the first build', each(found.first.ms - found.raw.ms), {
          bytes: bytes / models,
          peakMB: found.first.peakMB,
        }),
        row('`optimize`, later', each(Math.max(0, found.later.ms - found.raw.ms)), {
          bytes: bytes / models,
          peakMB: found.later.peakMB,
        }),
      ],
    }
  } finally {
    await project.remove()
  }
}
