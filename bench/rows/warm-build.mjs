import { readdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { runChild } from '../lib/child.mjs'
import { interleave } from '../lib/measure.mjs'
import { createProject, entryOf } from '../lib/project.mjs'

const MODEL_BYTES = 2_000_000
const READY = { emulated: true, mode: 'frozen' }

/**
 * Warm builds of many models, compared with the same files imported with plain `?url`; and vite-imagetools on images.
 */
export async function measure({ counts = [100, 500], rounds = 5, modelBytes = MODEL_BYTES } = {}) {
  const most = Math.max(...counts)
  const project = await createProject({ pictures: most })
  const { root } = project
  try {
    const picture = (i) => `./pictures/p${i}.png`
    await project.write(
      'models.js',
      entryOf(
        most,
        (i) => `${picture(i)}?meshy`,
        (name) => `${name}.url`,
      ),
    )
    await runChild('fill', { root, entry: 'models.js', modelBytes })
    const files = await outputs(root)
    const results = []
    for (const count of counts) {
      await project.write('empty.js', 'console.log(1)')
      await project.write(
        'url.js',
        entryOf(count, (i) => `./${files[i]}?url`),
      )
      await project.write(
        'models.js',
        entryOf(
          count,
          (i) => `${picture(i)}?meshy`,
          (name) => `${name}.url`,
        ),
      )
      const run = (entry, plugin) => () => runChild('build', { root, entry, plugin })
      const asset = run('models.js', { meshy: READY })
      const copy = run('models.js', { meshy: { ...READY, emit: 'copy' } })
      const variants = {
        empty: run('empty.js'),
        url: run('url.js'),
        firstAsset: withoutNotes(root, asset),
        asset,
        firstCopy: withoutNotes(root, copy),
        copy,
      }
      const found = await interleave(variants, rounds)
      results.push({ count, ...found })
    }
    const images = await measureImages(project, Math.min(...counts), { rounds, picture })
    return { modelBytes, rounds, results, images }
  } finally {
    await project.remove()
  }
}

/** A build that reads and hashes every image and every model, as the first one on a machine does. */
function withoutNotes(root, build) {
  return async () => {
    await rm(path.join(root, '.meshy', 'notes'), { force: true })
    return build()
  }
}

/** The time of vite-imagetools for cached images, compared with the same images with plain `?url`. */
async function measureImages(project, count, { rounds, picture }) {
  const { root } = project
  const imagetools = { cache: { enabled: true, dir: path.join(root, '.imagetools') } }
  await project.write(
    'images-url.js',
    entryOf(count, (i) => `${picture(i)}?url`),
  )
  await project.write(
    'images.js',
    entryOf(count, (i) => `${picture(i)}?w=200&format=webp`),
  )
  await runChild('build', { root, entry: 'images.js', plugin: { imagetools } })
  const found = await interleave(
    {
      url: () => runChild('build', { root, entry: 'images-url.js' }),
      imagetools: () => runChild('build', { root, entry: 'images.js', plugin: { imagetools } }),
    },
    rounds,
  )
  return { count, ...found }
}

/** The models in the cache by the number of their image, relative to the root. */
async function outputs(root) {
  const names = await readdir(path.join(root, '.meshy', 'out'), { recursive: true })
  const files = []
  for (const name of names) {
    const number = /p(\d+)\.glb$/.exec(name)?.[1]
    if (number !== undefined) files[number] = `.meshy/out/${name.replaceAll('\\', '/')}`
  }
  return files
}
