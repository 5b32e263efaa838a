import { runChild } from '../lib/child.mjs'
import { createProject, entryOf } from '../lib/project.mjs'

/** What a build does if all of its models are present; any building mode will do. */
export async function measure({ models = 20 } = {}) {
  const project = await createProject({ pictures: models })
  const { root } = project
  try {
    const code = entryOf(
      models,
      (i) => `./pictures/p${i}.png?meshy`,
      (name) => `${name}.url`,
    )
    await project.write('models.js', code)
    await runChild('fill', { root, entry: 'models.js', modelBytes: 100_000 })
    const run = (meshy) => runChild('watched-build', { root, entry: 'models.js', meshy, picture: 'p0.png' })
    return {
      models,
      frozen: await run({ emulated: true, mode: 'frozen' }),
      generate: await run({ emulated: true, mode: 'generate', apiKey: 'msy_never_sent_anywhere_0000000000' }),
    }
  } finally {
    await project.remove()
  }
}
