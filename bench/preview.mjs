// How long stand-ins take, in a worker thread as dev and build make them, and how long that blocks this thread. Run it
// after `npm run build`: node bench/preview.mjs [triangles] [--json]
import { readFile } from 'node:fs/promises'
import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import { Worker } from 'node:worker_threads'
import sharp from 'sharp'

const WARM_UP = 3
const ROUNDS = 5
const triangles = Number(process.argv[2] ?? 30_000)
const script = new URL('../dist/stand-in/mesher/worker.mjs', import.meta.url)

const pictures = [
  ['pig, cut out', await emoji('1f416')],
  ['bicycle, cut out', await emoji('1f6b2')],
  ['face, cut out', await emoji('1f603')],
  ['teddy, plain backdrop', await scene('1f9f8', '#d8d4cd')],
  ['teapot, plain backdrop', await scene('1fad6', '#9db8c4')],
  ['car, no object found', await halves('1f697')],
]

const cold = await measureCold()
const { warm, blocked } = await measureWarm()
const rows = pictures.map(([name], i) => ({
  name,
  cold: round(cold[i]),
  warm: round(warm[i].median),
  worst: round(warm[i].worst),
  kind: warm[i].kind,
}))
if (process.argv.includes('--json')) console.log(JSON.stringify({ triangles, rows, blocked }))
else print()

function print() {
  console.log(
    `${triangles} triangles, Node.js ${process.version}, milliseconds; cold with the start of a thread`,
  )
  console.table(Object.fromEntries(rows.map(({ name, ...numbers }) => [name, numbers])))
  console.log(`This thread was blocked for ${blocked.toFixed(1)} ms at most while models were made.`)
}

/** Each image as the first one of a new thread. */
async function measureCold() {
  const times = []
  for (const [, image] of pictures) {
    const start = performance.now()
    const worker = new Worker(script)
    await make(worker, image)
    times.push(performance.now() - start)
    await worker.terminate()
  }
  return times
}

async function measureWarm() {
  const worker = new Worker(script)
  for (let i = 0; i < WARM_UP; i++) for (const [, image] of pictures) await make(worker, image)
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  const warm = []
  for (const [, image] of pictures) warm.push(await repeat(worker, image))
  delay.disable()
  await worker.terminate()
  return { warm, blocked: delay.max / 1e6 }
}

async function repeat(worker, image) {
  const times = []
  let kind
  for (let i = 0; i < ROUNDS; i++) {
    const start = performance.now()
    kind = (await make(worker, image)).kind
    times.push(performance.now() - start)
  }
  times.sort((a, b) => a - b)
  return { median: times[ROUNDS >> 1], worst: times.at(-1), kind }
}

function make(worker, image) {
  return new Promise((resolve, reject) => {
    worker.once('message', ({ result, failure }) =>
      result ? resolve(result) : reject(new Error(failure.message)),
    )
    worker.postMessage(
      { images: [image], options: { triangles, texture: true, pbr: false, name: 'bench' } },
      [],
    )
  })
}

async function emoji(codePoint, size = 256) {
  const file = new URL(import.meta.resolve(`@lobehub/fluent-emoji-3d/assets/${codePoint}.webp`))
  return sharp(await readFile(file))
    .resize(size, size)
    .png()
    .toBuffer()
}

async function scene(codePoint, background) {
  const backdrop = sharp({ create: { width: 512, height: 512, channels: 3, background } })
  return backdrop
    .composite([{ input: await emoji(codePoint, 360) }])
    .jpeg()
    .toBuffer()
}

/** A backdrop of two colours, on which no object is found. */
async function halves(codePoint) {
  const floor = { create: { width: 512, height: 220, channels: 3, background: '#743' } }
  const backdrop = sharp({ create: { width: 512, height: 512, channels: 3, background: '#dde' } })
  return backdrop
    .composite([
      { input: await sharp(floor).png().toBuffer(), gravity: 'south' },
      { input: await emoji(codePoint, 360) },
    ])
    .jpeg()
    .toBuffer()
}

function round(ms) {
  return Math.round(ms)
}
