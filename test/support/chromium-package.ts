import { createReadStream, createWriteStream } from 'node:fs'
import { access, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { brotliDecompress, createBrotliDecompress } from 'node:zlib'
import { extractTar } from './tar.ts'

const decompress = promisify(brotliDecompress)
const CACHE = fileURLToPath(new URL('../../node_modules/.cache', import.meta.url))

/**
 * Unpacks the Chromium that `@sparticuz/chromium` carries as Brotli files, once per version, and returns its folder.
 *
 * The package can do so by itself, but into a shared temporary folder under a fixed name, where a second process starts a
 * half-written binary. Here one rename publishes the whole folder.
 */
export async function unpackChromium(): Promise<string | undefined> {
  if (process.platform !== 'linux' || process.arch !== 'x64') return undefined
  const { root, version } = await packageRoot()
  const folder = path.join(CACHE, `chromium-${version}`)
  if (await exists(folder)) return folder

  await mkdir(CACHE, { recursive: true })
  const draft = await mkdtemp(`${folder}.tmp-`)
  try {
    await unpackInto(draft, path.join(root, 'bin'))
    await writeFile(path.join(draft, 'fonts.conf'), fontsConfiguration(folder))
    await publish(draft, folder)
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
  return folder
}

async function unpackInto(folder: string, bin: string): Promise<void> {
  await pipeline(
    createReadStream(path.join(bin, 'chromium.br')),
    createBrotliDecompress({ chunkSize: 2 ** 21 }),
    createWriteStream(path.join(folder, 'chromium'), { mode: 0o755 }),
  )
  for (const name of ['swiftshader', 'al2023', 'fonts']) {
    await extractTar(await decompress(await readFile(path.join(bin, `${name}.tar.br`))), folder)
  }
}

async function publish(draft: string, folder: string): Promise<void> {
  try {
    await rename(draft, folder)
  } catch (error) {
    // Another process was first: its folder is as whole as ours.
    if (!(await exists(folder))) throw error
  }
}

async function packageRoot(): Promise<{ root: string; version: string }> {
  let root = path.dirname(createRequire(import.meta.url).resolve('@sparticuz/chromium'))
  while (!(await exists(path.join(root, 'bin', 'chromium.br')))) {
    if (root === path.dirname(root)) throw new Error('`@sparticuz/chromium` has no `bin/chromium.br`.')
    root = path.dirname(root)
  }
  const { version } = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8')) as {
    version: string
  }
  return { root, version }
}

// The shipped configuration names a fixed temporary folder: elsewhere every text would be zero pixels wide.
function fontsConfiguration(folder: string): string {
  const folders = [`${folder}/fonts`, '/usr/share/fonts'].map((dir) => `<dir>${dir}</dir>`).join('')
  const cache = `<cachedir>${folder}/fonts-cache</cachedir>`
  return `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>${folders}${cache}</fontconfig>`
}

async function exists(file: string): Promise<boolean> {
  try {
    await access(file)
    return true
  } catch {
    return false
  }
}
