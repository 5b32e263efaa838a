import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import sharp from 'sharp'

/** Writes a picture with grain, so that cards of it have much to lose. */
export async function writeGrainyPicture(root: string, name = 'hero.png', pixels = 512): Promise<void> {
  const noise = { type: 'gaussian', mean: 128, sigma: 30 } as const
  const create = { width: pixels, height: pixels, channels: 3, background: 'grey', noise } as const
  await mkdir(path.dirname(path.join(root, name)), { recursive: true })
  await writeFile(path.join(root, name), await sharp({ create }).png().toBuffer())
}
