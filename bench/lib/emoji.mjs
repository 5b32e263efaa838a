import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import sharp from 'sharp'

const EMOJI = fileURLToPath(new URL('../../node_modules/@lobehub/fluent-emoji-3d/assets/', import.meta.url))

/** Writes images that give the mesher real work, `p0.png` and so on, into an existing folder. */
export async function writeEmoji(folder, { count, size }) {
  const names = (await readdir(EMOJI)).filter((name) => name.startsWith('1f')).slice(0, count)
  for (const [i, name] of names.entries()) {
    await sharp(path.join(EMOJI, name))
      .resize(size, size)
      .png()
      .toFile(path.join(folder, `p${i}.png`))
  }
}
