import { crc32 } from 'node:zlib'

/** 1980-01-01, the first day that a ZIP knows: the same files are the same bytes each time. */
const FIRST_DAY = 0x21
const VERSION = 20

interface Part {
  name: Buffer
  data: Buffer
  /** Where its header is. */
  at: number
}

/** Files in a ZIP, uncompressed (APPNOTE 6.3, sections 4.3.7, 4.3.12 and 4.3.16). */
export function storeZip(files: Record<string, string>): Uint8Array {
  const parts: Part[] = []
  const pieces: Buffer[] = []
  let at = 0
  for (const [path, text] of Object.entries(files)) {
    const part = { name: Buffer.from(path), data: Buffer.from(text), at }
    const piece = Buffer.concat([header('PK\x03\x04', part, 30), part.name, part.data])
    parts.push(part)
    pieces.push(piece)
    at += piece.length
  }
  const directory = Buffer.concat(parts.flatMap((part) => [header('PK\x01\x02', part, 46), part.name]))
  const end = Buffer.alloc(22)
  end.write('PK\x05\x06', 'latin1')
  end.writeUInt16LE(parts.length, 8)
  end.writeUInt16LE(parts.length, 10)
  end.writeUInt32LE(directory.length, 12)
  end.writeUInt32LE(at, 16)
  return Buffer.concat([...pieces, directory, end])
}

/** Of a file, or of its line in the directory, which has its maker before and its place behind the same fields. */
function header(magic: string, { name, data, at }: Part, size: 30 | 46): Buffer {
  const bytes = Buffer.alloc(size)
  const isLine = size === 46
  const fields = isLine ? 6 : 4
  bytes.write(magic, 'latin1')
  if (isLine) bytes.writeUInt16LE(VERSION, 4)
  bytes.writeUInt16LE(VERSION, fields)
  bytes.writeUInt16LE(FIRST_DAY, fields + 8)
  bytes.writeUInt32LE(crc32(data), fields + 10)
  bytes.writeUInt32LE(data.length, fields + 14)
  bytes.writeUInt32LE(data.length, fields + 18)
  bytes.writeUInt16LE(name.length, fields + 22)
  if (isLine) bytes.writeUInt32LE(at, 42)
  return bytes
}
