import { readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { NodeIO } from '@gltf-transform/core'
import sharp from 'sharp'
import { keepState, modelsIn, optimizeByCommand, restoreState, sizeOf } from '../lib/by-command.mjs'
import { runChild } from '../lib/child.mjs'
import { writeEmoji } from '../lib/emoji.mjs'
import { interleave } from '../lib/measure.mjs'
import { createProject, entryOf } from '../lib/project.mjs'

const READY = { emulated: true, mode: 'generate' }

/**
 * A model as heavy as those of the service, in a build and with the command, as it is and with a sixth of its
 * triangles.
 */
export async function measure({ triangles = 30_000, pixels = 2048, rounds = 3 } = {}) {
  const project = await createProject({ pictures: 0 })
  const { root } = project
  const query = `&pbr&poly=${triangles}`
  const fewer = Math.round(triangles / 6)
  try {
    await writeEmoji(path.join(root, 'pictures'), { count: 1, size: 512 })
    const entry = async (name, more) =>
      project.write(
        name,
        entryOf(
          1,
          () => `./pictures/p0.png?meshy${query}${more}`,
          (one) => `${one}.url`,
        ),
      )
    await entry('raw.js', '')
    await entry('optimized.js', '&optimize')
    await entry('simplified.js', `&optimize&simplify=${fewer}`)
    await fillWithHeavy(root, pixels)
    await keepState(root)
    const found = await interleave(waysOf(root, fewer / triangles), rounds)
    const [kept] = await modelsIn(path.join(root, 'kept', 'out'))
    return { triangles, pixels, rounds, fewer, bytes: await sizeOf([kept]), found }
  } finally {
    await project.remove()
  }
}

function waysOf(root, ratio) {
  const build = async (entry) => {
    await restoreState(root)
    await rm(path.join(root, 'dist'), { recursive: true, force: true })
    const { ms } = await runChild('build', { root, entry, plugin: { meshy: READY } })
    return { ms, bytes: await sizeOf(await modelsIn(path.join(root, 'dist'))) }
  }
  const simplify = ['--simplify', 'true', '--simplify-ratio', String(ratio), '--simplify-error', '1']
  return {
    raw: () => build('raw.js'),
    command: () => optimizeByCommand(root),
    optimized: () => build('optimized.js'),
    commandFewer: () => optimizeByCommand(root, simplify),
    simplified: () => build('simplified.js'),
  }
}

/** Fills the cache with a mesh of the image whose maps have grain, so that they do not compress like flat colours. */
async function fillWithHeavy(root, pixels) {
  await runChild('fill', { root, entry: 'raw.js' })
  const [file] = await modelsIn(path.join(root, '.meshy', 'out'))
  const io = new NodeIO()
  const document = await io.readBinary(new Uint8Array(await readFile(file)))
  for (const texture of document.getRoot().listTextures()) await enlarge(texture, pixels)
  const heavy = path.join(root, 'heavy.bin')
  await writeFile(heavy, await io.writeBinary(document))
  for (const name of ['.meshy', 'meshy-lock.json']) {
    await rm(path.join(root, name), { recursive: true, force: true })
  }
  await runChild('fill', { root, entry: 'raw.js', modelFile: heavy })
}

async function enlarge(texture, pixels) {
  const noise = { type: 'gaussian', mean: 128, sigma: 10 }
  const create = { width: pixels, height: pixels, channels: 3, background: 'grey', noise }
  const picture = sharp(texture.getImage())
    .removeAlpha()
    .resize(pixels, pixels, { fit: 'fill' })
    .composite([{ input: await sharp({ create }).png().toBuffer(), blend: 'soft-light' }])
  const isColor = texture.getMimeType() === 'image/jpeg'
  texture.setImage(await (isColor ? picture.jpeg({ quality: 95 }) : picture.png()).toBuffer())
}
