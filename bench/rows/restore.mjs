import { spawnSync } from 'node:child_process'
import { readdir, truncate } from 'node:fs/promises'
import path from 'node:path'
import { runChild, startChild } from '../lib/child.mjs'
import { interleave } from '../lib/measure.mjs'
import { createProject, entryOf } from '../lib/project.mjs'

/**
 * A clone that only has the lockfile: with many models, and with a model that is too large to fit into memory by
 * accident.
 */
export async function measure({
  models = 200,
  modelBytes = 2_000_000,
  largeBytes = 500_000_000,
  rounds = 3,
} = {}) {
  const servers = ['node', ...(hasNginx() ? ['nginx'] : [])]
  const many = await measureProject({ models, modelBytes, rounds, servers })
  const large = await measureProject({ models: 1, modelBytes: largeBytes, rounds: 1, servers: ['node'] })
  return { models, modelBytes, largeBytes, rounds, many, large: large.node }
}

function hasNginx() {
  return spawnSync('nginx', ['-v']).status === 0
}

/** The results, by the server that has the files. */
async function measureProject({ models, modelBytes, rounds, servers }) {
  const project = await createProject({ pictures: models + 1 })
  const found = {}
  try {
    await fill(project, { models, modelBytes })
    for (const by of servers) {
      const server = await startChild('serve', { blobs: path.join(project.root, '.meshy', 'blobs'), by })
      try {
        found[by] = await measureSources(project, { by, url: server.message.url, rounds })
      } finally {
        await server.stop()
      }
    }
    return found
  } finally {
    await project.remove()
  }
}

/** The models are generated; that of the last image is small. */
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
}

/**
 * The plain loop runs beside a build that has nothing to fetch, because the others are builds: each side is the same
 * build of one small model, and fetches the same files. Each run has its own folders. They are emptied after it,
 * because memory is needed, and removed at the end: for a minute after files were deleted, ext4 is slow to create
 * others.
 */
async function measureSources({ root }, { by, url, rounds }) {
  const [ready, kept] = [path.join(root, '.meshy'), path.join(root, `.kept-${by}`)]
  const names = (await filesIn(path.join(ready, 'blobs'))).map((file) => path.basename(file, '.glb'))
  const common = { emulated: false, mode: 'frozen', teamStore: url }
  const run = (meshy, rest = {}) =>
    runChild('restore', { root, entry: 'one.js', meshy: { ...common, ...meshy }, ...rest })
  const inReady = { cacheDir: ready, machineStore: false }
  let count = 0
  const inFolder = async (use) => {
    const folder = path.join(root, `.fresh-${by}-${++count}`)
    const found = await use(folder)
    for (const file of await filesIn(folder)) await truncate(file)
    return found
  }
  await inFolder((folder) => run({ cacheDir: folder, machineStore: kept }))
  return interleave(
    {
      ready: () => run(inReady),
      bare: () => inFolder((into) => run(inReady, { bare: { url, names, into } })),
      cold: () =>
        inFolder((folder) =>
          run({ cacheDir: path.join(folder, 'project'), machineStore: path.join(folder, 'machine') }),
        ),
      warm: () => inFolder((folder) => run({ cacheDir: folder, machineStore: kept })),
    },
    rounds,
  )
}

async function filesIn(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => path.join(parentPath, name))
}
