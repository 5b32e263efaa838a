import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import sharp from 'sharp'

/** A project in a temporary folder, with images that differ from each other. */
export async function createProject({ pictures, pictureSize = 320 }) {
  const root = await realpath(await mkdtemp(path.join(tmpdir(), 'meshy-bench-')))
  await mkdir(path.join(root, 'pictures'))
  for (let i = 0; i < pictures; i++) {
    await writeFile(path.join(root, 'pictures', `p${i}.png`), await noise(pictureSize))
  }
  return {
    root,
    write: (name, text) => writeFile(path.join(root, name), text),
    remove: () => rm(root, { recursive: true, force: true }),
  }
}

/** The code of an entry that imports and uses `count` modules. */
export function entryOf(count, specifierOf, use = (name) => name) {
  const numbers = Array.from({ length: count }, (_, i) => i)
  const imports = numbers.map((i) => `import m${i} from ${JSON.stringify(specifierOf(i))}`)
  return `${imports.join('\n')}\nconsole.log(${numbers.map((i) => use(`m${i}`)).join(', ')})\n`
}

/** About three bytes per pixel. */
function noise(size) {
  const create = { width: size, height: size, channels: 3, noise: { type: 'gaussian', mean: 128, sigma: 60 } }
  return sharp({ create }).png().toBuffer()
}
