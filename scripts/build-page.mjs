// Bundles the page of the inspector into dist/inspector: its parts for the dev server, and one script for reports.
import { copyFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'

const PAGE = new URL('../src/inspector/page/', import.meta.url)
const OUT = new URL('../dist/inspector/', import.meta.url)

/** @param {URL} out where to, with a slash at its end */
export async function buildPage(out = OUT) {
  await bundle('main', { out, format: 'es' })
  await bundle('report', { out, format: 'iife' })
  await copyFile(new URL('page.css', PAGE), new URL('page.css', out))
}

async function bundle(name, { out, format }) {
  await build({
    configFile: false,
    root: fileURLToPath(PAGE),
    base: './',
    publicDir: false,
    logLevel: 'warn',
    build: {
      outDir: fileURLToPath(out),
      emptyOutDir: false,
      target: 'es2022',
      modulePreload: false,
      chunkSizeWarningLimit: 1000,
      rollupOptions: {
        input: fileURLToPath(new URL(`${name}.ts`, PAGE)),
        output: {
          format,
          entryFileNames: name === 'main' ? 'page.js' : '[name].js',
          chunkFileNames: '[name].js',
        },
      },
    },
  })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildPage()
