import { readdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { runChild, startChild } from '../lib/child.mjs'
import { interleave } from '../lib/measure.mjs'
import { createProject, entryOf } from '../lib/project.mjs'

/** A clone with the lockfile alone; only one of its models is imported, so that bringing all of them is what is measured. */
export async function measure({ models = 200, modelBytes = 2_000_000, rounds = 3 } = {}) {
  const project = await createProject({ pictures: models })
  const { root } = project
  const [cache, clone, kept] = ['.meshy', '.clone', '.kept'].map((name) => path.join(root, name))
  const use = (name) => `${name}.url`
  await project.write(
    'models.js',
    entryOf(models, (i) => `./pictures/p${i}.png?meshy`, use),
  )
  await project.write(
    'one.js',
    entryOf(1, () => './pictures/p0.png?meshy', use),
  )
  await runChild('fill', {
    root,
    entry: 'models.js',
    modelBytes,
    meshy: { emulated: false, machineStore: false },
  })
  const server = await startChild('serve', { blobs: path.join(cache, 'blobs') })
  try {
    const { url } = server.message
    const names = (await readdir(path.join(cache, 'blobs'), { recursive: true })).filter((n) =>
      n.endsWith('.glb'),
    )
    const bare = { url, names: names.map((name) => path.basename(name, '.glb')), into: clone }
    const bring = async (machineStore) => {
      await rm(clone, { recursive: true, force: true })
      const meshy = { emulated: false, mode: 'frozen', cacheDir: clone, machineStore, teamStore: url }
      return runChild('restore', { root, entry: 'one.js', meshy })
    }
    const emptied = async (run) => {
      await rm(clone, { recursive: true, force: true })
      return run()
    }
    await bring(kept)
    const found = await interleave(
      {
        bare: () => emptied(() => runChild('restore', { root, bare })),
        cold: async () => {
          await rm(path.join(root, '.cold'), { recursive: true, force: true })
          return bring(path.join(root, '.cold'))
        },
        warm: () => bring(kept),
      },
      rounds,
    )
    return { models, modelBytes, rounds, ...found }
  } finally {
    await server.stop()
    await project.remove()
  }
}
