import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { runChild, startChild } from '../lib/child.mjs'
import { interleave } from '../lib/measure.mjs'
import { createProject, entryOf } from '../lib/project.mjs'

/** A clone with the lockfile alone, of many models, and of one that does not fit into memory by chance. */
export async function measure({
  models = 200,
  modelBytes = 2_000_000,
  largeBytes = 500_000_000,
  rounds = 3,
} = {}) {
  const many = await measureProject({ models, modelBytes, rounds })
  const large = await measureProject({ models: 1, modelBytes: largeBytes, rounds: 1 })
  return { models, modelBytes, largeBytes, rounds, many, large }
}

async function measureProject({ models, modelBytes, rounds }) {
  const project = await createProject({ pictures: models + 1 })
  try {
    const server = await fill(project, { models, modelBytes })
    try {
      return await measureSources(project, { url: server.message.url, rounds })
    } finally {
      await server.stop()
    }
  } finally {
    await project.remove()
  }
}

/** The models are made, and served as a team's store serves them; that of the last picture is small. */
async function fill({ root, write }, { models, modelBytes }) {
  const use = (name) => `${name}.url`
  const small = () => `./pictures/p${models}.png?meshy`
  await write(
    'models.js',
    entryOf(models, (i) => `./pictures/p${i}.png?meshy`, use),
  )
  await write('one.js', entryOf(1, small, use))
  const meshy = { emulated: false, machineStore: false }
  await runChild('fill', { root, entry: 'models.js', modelBytes, meshy })
  await runChild('fill', { root, entry: 'one.js', modelBytes: 10_000, meshy })
  return startChild('serve', { blobs: path.join(root, '.meshy', 'blobs') })
}

/**
 * Bare fetching stands beside a build that has nothing to bring, since the others are builds: each side is the same build
 * of one small model, and brings the same files. Each run has folders of its own, which go in the end: for a minute after
 * files were deleted, ext4 is slow to make others.
 */
async function measureSources({ root }, { url, rounds }) {
  const [ready, kept] = [path.join(root, '.meshy'), path.join(root, '.kept')]
  const names = (await readdir(path.join(ready, 'blobs'), { recursive: true }))
    .filter((name) => name.endsWith('.glb'))
    .map((name) => path.basename(name, '.glb'))
  const common = { emulated: false, mode: 'frozen', teamStore: url }
  const run = (meshy, rest = {}) =>
    runChild('restore', { root, entry: 'one.js', meshy: { ...common, ...meshy }, ...rest })
  const inReady = { cacheDir: ready, machineStore: false }
  let folders = 0
  const fresh = () => path.join(root, `.fresh-${++folders}`)
  await run({ cacheDir: fresh(), machineStore: kept })
  return interleave(
    {
      ready: () => run(inReady),
      bare: () => run(inReady, { bare: { url, names, into: fresh() } }),
      cold: () => run({ cacheDir: fresh(), machineStore: fresh() }),
      warm: () => run({ cacheDir: fresh(), machineStore: kept }),
    },
    rounds,
  )
}
