// Makes the playground's images, which are committed: `node scripts/pictures.mjs`. Needs sharp.
import { mkdir, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import sharp from 'sharp'

const source = new URL('../node_modules/@lobehub/fluent-emoji-3d/assets/', import.meta.url)
const target = new URL('../playground/images/', import.meta.url)
const SIZE = 256

/** File name → what it is made from. Each kind is one that turning an image into a model finds hard, or easy. */
const pictures = {
  'pig.png': () => cutout('1f416'),
  'house.png': () => cutout('1f3e0'),
  'car.png': () => cutout('1f697'),
  'dragon.png': () => cutout('1f409'),
  'teapot.png': () => cutout('1fad6'),
  'guitar.png': () => cutout('1f3b8'),
  'robot.png': () => cutout('1f916'),
  'trex.png': () => cutout('1f996'),
  'castle.png': () => cutout('1f3f0'),
  'bicycle.png': () => cutout('1f6b2'),
  'backpack.png': () => cutout('1f392'),
  'backpack-back.png': () => backOf('1f392'),
  'teddy.jpg': () => photographed('1f9f8', { centre: '#fbf9f6', edge: '#cfcac2' }),
  'chair.png': () => photographed('1fa91', { centre: '#b9d2dc', edge: '#7fa0b0' }),
  'rocket.png': () => onWhite('1f680'),
  'sunrise.jpg': () => fullBleed('1f304'),
}

await mkdir(target, { recursive: true })
for (const [name, make] of Object.entries(pictures)) {
  const picture = await make()
  const bytes = await encode(picture, name)
  await writeFile(new URL(name, target), bytes)
  console.log(`${name.padEnd(18)} ${(bytes.length / 1024).toFixed(1).padStart(6)} KB`)
}

function encode(picture, name) {
  const image = sharp(picture)
  return name.endsWith('.jpg')
    ? image.flatten().jpeg({ quality: 90, chromaSubsampling: '4:4:4' }).toBuffer()
    : image.png({ compressionLevel: 9, effort: 10 }).toBuffer()
}

/** The emoji as it is: an object with a transparent background. */
function cutout(code) {
  return sharp(fileURLToPath(new URL(`${code}.webp`, source)))
    .resize(SIZE, SIZE, { fit: 'contain', background: '#0000' })
    .png()
    .toBuffer()
}

/** What the same object could look like from behind: mirrored, without the details of the front. */
async function backOf(code) {
  const mirrored = await sharp(await cutout(code))
    .flop()
    .png()
    .toBuffer()
  const plain = await sharp(mirrored).removeAlpha().blur(9).modulate({ brightness: 0.82, hue: 25 }).toBuffer()
  return sharp(plain)
    .joinChannel(await sharp(mirrored).extractChannel('alpha').raw().toBuffer(), {
      raw: { width: SIZE, height: SIZE, channels: 1 },
    })
    .png()
    .toBuffer()
}

/** An opaque image: the object in front of a graded backdrop, with a soft shadow below it. */
async function photographed(code, backdrop) {
  const object = await sharp(await cutout(code))
    .resize(164, 164)
    .png()
    .toBuffer()
  return sharp(Buffer.from(backdropOf(backdrop)))
    .composite([{ input: object, left: 46, top: 46 }])
    .removeAlpha()
    .png()
    .toBuffer()
}

function backdropOf({ centre, edge }) {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${SIZE}" height="${SIZE}">
    <defs>
      <radialGradient id="light" r="0.75"><stop stop-color="${centre}"/><stop offset="1" stop-color="${edge}"/></radialGradient>
      <filter id="soft" x="-50%" y="-100%" width="200%" height="300%"><feGaussianBlur stdDeviation="5"/></filter>
    </defs>
    <rect width="100%" height="100%" fill="url(#light)"/>
    <ellipse cx="128" cy="203" rx="62" ry="10" fill="#000" opacity="0.45" filter="url(#soft)"/>
  </svg>`
}

/** White on white: nothing in the image says where the object ends. */
async function onWhite(code) {
  return sharp(await cutout(code))
    .flatten({ background: '#fff' })
    .png()
    .toBuffer()
}

/** An image without a background, such as a photograph of a landscape. */
async function fullBleed(code) {
  const margin = 34
  const inner = { left: margin, top: margin, width: SIZE - 2 * margin, height: SIZE - 2 * margin }
  return sharp(await cutout(code))
    .extract(inner)
    .resize(SIZE, SIZE, { kernel: 'lanczos3' })
    .flatten({ background: '#e8604a' })
    .png()
    .toBuffer()
}
