// Bundles the inspector page into dist/inspector: its parts for the dev server, and one script for reports.
import { appendFile, copyFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'

const PAGE = new URL('../src/inspector/page/', import.meta.url)
const OUT = new URL('../dist/inspector/', import.meta.url)

/** @param {URL} out the target folder, with a trailing slash */
export async function buildPage(out = OUT) {
  await bundle('main', { out, format: 'es' })
  await bundle('report', { out, format: 'iife' })
  await copyFile(new URL('page.css', PAGE), new URL('page.css', out))
  await appendFile(new URL('licenses.md', out), DRACO)
}

/** What three.js includes without its licence terms. */
const DRACO = `
## Draco decoder (Apache-2.0)

Copyright The Draco Authors, https://github.com/google/draco, licensed under the Apache License, Version 2.0:
https://www.apache.org/licenses/LICENSE-2.0
`

/** The page includes the decoder that it needs, so the others that the loader knows are not put beside it. */
const ownDecoder = {
  name: 'own-decoder',
  enforce: 'pre',
  transform(code, id) {
    if (!id.endsWith('/loaders/DRACOLoader.js')) return undefined
    const without = code.replaceAll(/new URL\( '[^']*', import\.meta\.url \)/g, "''")
    if (without === code) throw new Error('DRACOLoader names its decoders in another way than it did.')
    return without
  },
}

async function bundle(name, { out, format }) {
  await build({
    configFile: false,
    root: fileURLToPath(PAGE),
    base: './',
    publicDir: false,
    logLevel: 'warn',
    plugins: [ownDecoder],
    build: {
      outDir: fileURLToPath(out),
      emptyOutDir: false,
      target: 'es2022',
      modulePreload: false,
      chunkSizeWarningLimit: 1000,
      // What is bundled is distributed, and so are its licence terms.
      license: { fileName: 'licenses.md' },
      rollupOptions: {
        input: fileURLToPath(new URL(`${name}.ts`, PAGE)),
        output: {
          format,
          entryFileNames: name === 'main' ? 'page.js' : '[name].js',
          chunkFileNames: '[name].js',
          assetFileNames: '[name].[ext]',
        },
      },
    },
  })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildPage()
