import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'

const BLOCK = 512
const FOLDER = '5'

/** Extracts an uncompressed POSIX archive of files and folders; links are not supported. */
export async function extractTar(archive: Buffer, folder: string): Promise<void> {
  for (let offset = 0; offset + BLOCK <= archive.length && archive[offset] !== 0;) {
    const entry = readHeader(archive.subarray(offset, offset + BLOCK))
    const target = path.join(folder, entry.name)
    if (target !== folder && !target.startsWith(folder + path.sep)) {
      throw new Error(`The archive holds \`${entry.name}\`, which is outside of its folder.`)
    }
    if (entry.type === FOLDER) {
      await mkdir(target, { recursive: true })
    } else {
      await mkdir(path.dirname(target), { recursive: true })
      const start = offset + BLOCK
      await writeFile(target, archive.subarray(start, start + entry.bytes), { mode: entry.mode })
    }
    offset += BLOCK + Math.ceil(entry.bytes / BLOCK) * BLOCK
  }
}

function readHeader(header: Buffer): { name: string; mode: number; bytes: number; type: string } {
  const text = (start: number, length: number) =>
    header.toString('utf8', start, start + length).split('\0', 1)[0] ?? ''
  return {
    name: path.join(text(345, 155), text(0, 100)),
    mode: Number.parseInt(text(100, 8), 8) || 0o644,
    bytes: Number.parseInt(text(124, 12), 8) || 0,
    type: text(156, 1),
  }
}
