import { cp, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { editManifest } from './edit.mjs'
import * as templates from './templates.mjs'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/**
 * The projects of the matrix. `of` is the package whose version is reported; `make` writes the template and adds to it;
 * `build` is its script. `site` is a folder of files for browsers, which any web server can serve, unless `serve` names
 * the server of the framework; `dev` is its dev server, with `yes: 'command'` if it has no page for approval. `check`
 * checks types; if the build does so as well, it is `typed`. `open` is the path of the page. `plain` removes from a
 * file what depends on the folder of the project, even without us.
 */
export const PROJECTS = {
  astro: {
    title: 'Astro',
    of: 'astro',
    make: templates.copyExample,
    site: 'dist',
    dev: 'astro dev --port {port} --host 127.0.0.1',
    check: 'astro check',
  },
  sveltekit: {
    title: 'SvelteKit',
    of: '@sveltejs/kit',
    make: templates.makeSvelteKit,
    site: '.svelte-kit/output/client',
    serve: 'vite preview --port {port} --host 127.0.0.1',
    dev: 'vite dev --port {port} --host 127.0.0.1',
    check: 'npm run check',
  },
  nuxt: {
    title: 'Nuxt',
    of: 'nuxt',
    make: templates.copyExample,
    site: '.output/public',
    serve: 'node .output/server/index.mjs',
    dev: 'nuxt dev --port {port} --host 127.0.0.1',
    check: 'nuxt typecheck',
  },
  'react-router': {
    title: 'React Router',
    of: 'react-router',
    make: templates.copyExample,
    site: 'build/client',
    serve: 'react-router-serve ./build/server/index.js',
    dev: 'react-router dev --port {port} --host 127.0.0.1',
    check: 'npm run typecheck',
  },
  next: {
    title: 'Next.js, Turbopack',
    of: 'next',
    make: templates.makeNext,
    site: '.next/static',
    serve: 'next start --port {port} --hostname 127.0.0.1',
    dev: 'next dev --port {port} --hostname 127.0.0.1',
    yes: 'command',
    check: 'tsc --noEmit',
    typed: true,
  },
  'next-webpack': {
    title: 'Next.js, webpack',
    of: 'next',
    make: templates.makeNextWebpack,
    site: '.next/static',
    plain: withoutEntryNumbers,
    serve: 'next start --port {port} --hostname 127.0.0.1',
    dev: 'next dev --webpack --port {port} --hostname 127.0.0.1',
    yes: 'command',
    check: 'tsc --noEmit',
    typed: true,
  },
  storybook: {
    title: 'Storybook',
    of: 'storybook',
    make: templates.makeStorybook,
    build: 'build-storybook',
    site: 'storybook-static',
    dev: 'storybook dev --ci --exact-port --port {port} --host 127.0.0.1',
    open: '/iframe.html?id=hero--shown&viewMode=story',
    check: 'tsc -b --force',
  },
  'react-ts': {
    title: 'create-vite react-ts',
    of: 'vite',
    make: templates.makeCreateVite,
    site: 'dist',
    dev: 'vite --port {port} --host 127.0.0.1',
    check: 'tsc -b --force',
    typed: true,
  },
  'vue-ts': {
    title: 'create-vite vue-ts',
    of: 'vite',
    make: templates.makeCreateVite,
    site: 'dist',
    dev: 'vite --port {port} --host 127.0.0.1',
    check: 'vue-tsc -b --force',
    typed: true,
  },
}

/**
 * With webpack, Next.js numbers the entries of routes by the absolute path of their code, sorts the modules of a chunk
 * by number, and hashes all of it.
 */
function withoutEntryNumbers(name, bytes) {
  const text = name.endsWith('.js') ? bytes.toString() : ''
  const end = text.lastIndexOf('},e=>{')
  if (end < 0) return [name, bytes]
  const entries = new Set([...text.slice(end).matchAll(/\bs(?:=|\()(\d+)\)/g)].map(([, number]) => number))
  const parts = text.split(/\b/).map((part) => (entries.has(part) ? 'entry' : part))
  return [
    name.replace(/-[0-9a-f]{16}(?=\.js$)/, ''),
    parts
      .join('')
      .split(/[,{}]+/)
      .sort()
      .join('\n'),
  ]
}

/** Writes the files of a project as a user would have them, with one import, before anything is installed. */
export async function makeProject(name, cwd, tarball) {
  await PROJECTS[name].make(cwd, name)
  await cp(path.join(ROOT, 'playground', 'images', 'robot.png'), path.join(cwd, 'hero.png'))
  if (PROJECTS[name].make === templates.copyExample) await writeIgnored(cwd)
  await editManifest(cwd, (manifest) => {
    manifest.dependencies = {
      ...manifest.dependencies,
      'unplugin-meshy': `file:${tarball}`,
      '@google/model-viewer': '4.4.0',
    }
  })
}

/** What the templates of these frameworks ignore. */
async function writeIgnored(cwd) {
  const ignored = ['node_modules', 'dist', '.output', '.data', '.nuxt', '.nitro', '.cache', '.astro']
  await writeFile(path.join(cwd, '.gitignore'), [...ignored, '/.react-router/', '/build/', ''].join('\n'))
}
