import { cp, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { npx } from './commands.mjs'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const EXAMPLES = path.join(ROOT, 'playground', 'frameworks')

/**
 * The projects of the matrix. `of` is the package whose version is told; `site` a folder that any web server can give
 * out, or `serve` the server of the framework; `dev` the dev server, and `yes` how one says yes there; the build of a
 * `typed` one checks types.
 */
export const PROJECTS = {
  astro: { title: 'Astro', of: 'astro', site: 'dist', dev: 'astro dev' },
  sveltekit: { title: 'SvelteKit', of: '@sveltejs/kit', site: 'build', dev: 'vite dev' },
  nuxt: { title: 'Nuxt', of: 'nuxt', site: '.output/public', dev: 'nuxt dev' },
  'react-router': {
    title: 'React Router',
    of: '@react-router/dev',
    site: 'build/client',
    dev: 'react-router dev',
  },
  next: { title: 'Next.js, Turbopack', of: 'next', site: 'out', dev: 'next dev --turbopack', yes: 'command' },
  'next-webpack': {
    title: 'Next.js, webpack',
    of: 'next',
    serve: 'next start',
    dev: 'next dev --webpack',
    yes: 'command',
    make: makeNextWebpack,
  },
  'react-ts': {
    title: 'create-vite react-ts',
    of: 'vite',
    site: 'dist',
    dev: 'vite',
    make: makeCreateVite,
    typed: true,
  },
  'vue-ts': {
    title: 'create-vite vue-ts',
    of: 'vite',
    site: 'dist',
    dev: 'vite',
    make: makeCreateVite,
    typed: true,
  },
}

/** Writes the files of a project as a user would have them, with one import, before anything is installed. */
export async function makeProject(name, cwd, tarball) {
  const { make = copyExample } = PROJECTS[name]
  await make(cwd, name)
  await cp(path.join(ROOT, 'playground', 'images', 'robot.png'), path.join(cwd, 'hero.png'))
  const ignored = ['node_modules', 'dist', 'build', 'out', '.output', '.nuxt', '.next', '.astro']
  const more = ['.svelte-kit', '.react-router', '.cache', '*.tsbuildinfo', '']
  await writeFile(path.join(cwd, '.gitignore'), [...ignored, ...more].join('\n'))
  await editManifest(cwd, ({ dependencies }) => {
    dependencies['unplugin-meshy'] = `file:${tarball}`
    dependencies['@google/model-viewer'] = '4.4.0'
  })
}

async function copyExample(cwd, name) {
  await cp(path.join(EXAMPLES, name), cwd, { recursive: true })
}

async function makeNextWebpack(cwd) {
  await copyExample(cwd, 'next')
  const config = `import meshy from 'unplugin-meshy/webpack'

export default {
  webpack(config) {
    config.plugins.push(meshy())
    return config
  },
}
`
  await writeFile(path.join(cwd, 'next.config.mjs'), config)
  await editManifest(cwd, ({ scripts }) => {
    scripts.build = 'next build --webpack'
  })
}

/** The template as it comes, with the plugin and one typed import. */
async function makeCreateVite(cwd, name) {
  const { dir, base } = path.parse(cwd)
  await npx(dir, ['create-vite@latest', base, '--template', name, '--no-interactive'])
  await editFile(path.join(cwd, 'vite.config.ts'), (text) =>
    text
      .replace('plugins: [', 'plugins: [meshy(), ')
      .replace(/^/, "import meshy from 'unplugin-meshy/vite'\n"),
  )
  const main = path.join(cwd, 'src', name === 'vue-ts' ? 'main.ts' : 'main.tsx')
  await editFile(main, (text) => `${text}\n${SHOW}`)
}

const SHOW = `import '@google/model-viewer'
import hero from '../hero.png?meshy&poly=5000'

const line = document.createElement('p')
line.textContent = \`\${hero.metadata.triangles} triangles, \${hero.metadata.state}\`
const viewer = Object.assign(document.createElement('model-viewer'), { src: hero.url, alt: 'The hero' })
document.body.prepend(line, viewer)
`

async function editManifest(cwd, edit) {
  await editFile(path.join(cwd, 'package.json'), (text) => {
    const manifest = JSON.parse(text)
    edit(manifest)
    return `${JSON.stringify(manifest, null, 2)}\n`
  })
}

async function editFile(file, edit) {
  await writeFile(file, edit(await readFile(file, 'utf8')))
}
