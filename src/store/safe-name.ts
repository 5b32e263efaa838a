const MAX_BYTES = 120

/** Names that Windows reserves for devices, with any extension. */
const DEVICE = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i

/**
 * A file name, without extension, that is the same everywhere and has no special meaning to a file system, a shell or a
 * URL.
 *
 * Letters and digits of all scripts are kept; macOS separates accents from their letters in names, so they are joined.
 */
export function safeFileName(name: string): string {
  const plain = name
    .normalize('NFC')
    .replace(/[^\p{L}\p{M}\p{N}._-]+/gu, '-')
    .replace(/^[.-]+/, '')
  const safe = shorten(plain).replace(/[.-]+$/, '')
  if (safe === '') return 'model'
  return DEVICE.test(safe) ? `model-${safe}` : safe
}

/** File systems count bytes, and an extension has to fit as well. */
function shorten(name: string): string {
  let short = ''
  for (const character of name) {
    if (Buffer.byteLength(short + character) > MAX_BYTES) break
    short += character
  }
  return short
}
