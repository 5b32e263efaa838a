import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { MeshyError, hasErrno } from '../system/errors.ts'

const TYPES: Record<string, string> = {
  js: 'text/javascript; charset=utf-8',
  wasm: 'application/wasm',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
}

/** A file of the built page by its name; undefined if there is none with that name. */
export async function readPageFile(
  name: string,
  folder = findPageFolder(),
): Promise<{ type: string; body: Buffer } | undefined> {
  const [, ext = ''] = /^[\w-]+(?:\.[\w-]+)*\.(\w+)$/.exec(name) ?? []
  const type = TYPES[ext]
  if (!type) return undefined
  try {
    return { type, body: await readFile(join(folder, name)) }
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return undefined
    throw error
  }
}

/** A part of the built page that must exist. */
export async function readPagePart(name: string): Promise<string> {
  return readFile(join(findPageFolder(), name), 'utf8')
}

/** Where the build put the page, relative to wherever this code ended up in the package. */
export function findPageFolder(): string {
  for (let dir = dirname(fileURLToPath(import.meta.url)); dir !== dirname(dir); dir = dirname(dir)) {
    const folder = join(dir, 'dist', 'inspector')
    if (existsSync(join(folder, 'page.js'))) return folder
  }
  throw new MeshyError('MESHY_INSPECTOR_MISSING', {
    message: 'The inspector page is missing from the package.',
    hint: 'Reinstall `unplugin-meshy`. In its own repository, run `npm run build`.',
  })
}

/**
 * The page itself. It contains the token, so that only those who can read the page can spend; empty for those who may
 * not.
 */
export function renderPage(token: string): string {
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <meta name="meshy-token" content="${token}" />
    <title>Models · unplugin-meshy</title>
    <link rel="icon" href="data:," />
    <link rel="stylesheet" href="page.css" />
    <script type="module" src="page.js"></script>
  </head>
  <body>
    <noscript>This page needs JavaScript. The same facts are in <a href="assets.json">assets.json</a>.</noscript>
  </body>
</html>
`
}
