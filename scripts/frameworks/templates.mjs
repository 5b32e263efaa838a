import { cp, readdir, rename, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { npx } from './commands.mjs'
import { editFile, editManifest, replaceIn } from './edit.mjs'

const EXAMPLES = fileURLToPath(new URL('../../playground/frameworks', import.meta.url))
const MESHY_OF_VITE = "import meshy from 'unplugin-meshy/vite'\n"

/** Writes by hand the template of a framework whose initializer downloads it from GitHub. */
export async function copyExample(cwd, name) {
  await cp(path.join(EXAMPLES, name), cwd, { recursive: true })
}

export async function makeSvelteKit(cwd) {
  const choices = ['--template', 'minimal', '--types', 'ts', '--no-add-ons', '--no-install']
  await create(cwd, 'sv@latest', 'create', '{name}', ...choices)
  await replaceIn(
    path.join(cwd, 'vite.config.ts'),
    [/^/, MESHY_OF_VITE],
    ['plugins: [', 'plugins: [meshy(), '],
  )
  const page = path.join('src', 'routes', '+page.svelte')
  await cp(path.join(EXAMPLES, 'sveltekit', page), path.join(cwd, page))
}

/** The original template, except for its fonts, which each build would download. */
export async function makeNext(cwd) {
  await createNext(cwd)
  await replaceIn(
    path.join(cwd, 'next.config.ts'),
    [/^/, "import { meshyRules } from 'unplugin-meshy/turbopack'\n"],
    ['rules: {', 'rules: { ...meshyRules(),'],
  )
}

export async function makeNextWebpack(cwd) {
  await createNext(cwd)
  await replaceIn(
    path.join(cwd, 'next.config.ts'),
    [/^/, "import meshy from 'unplugin-meshy/webpack'\n"],
    [
      '/* config options here */',
      'webpack(config) {\n    config.plugins.push(meshy())\n    return config\n  },',
    ],
  )
  await editManifest(cwd, ({ scripts }) => {
    scripts.build = 'next build --webpack'
  })
}

async function createNext(cwd) {
  await create(cwd, 'create-next-app@latest', '{name}', '--yes', '--skip-install', '--disable-git')
  await editFile(path.join(cwd, 'app', 'layout.tsx'), (text) =>
    text
      .replace(/^import \{ Geist.*\n/m, '')
      .replace(/^const geist\w+ = [^;]*;\n/gm, '')
      .replaceAll(/\$\{geist\w+\.variable\} ?/g, ''),
  )
  await cp(path.join(EXAMPLES, 'next', 'app', 'page.jsx'), path.join(cwd, 'app', 'page.tsx'))
  await writeFile(path.join(cwd, 'app', 'viewer.tsx'), VIEWER)
}

/** create-vite's react-ts, into which Storybook installs itself, with a story of its own. */
export async function makeStorybook(cwd) {
  await create(cwd, 'create-vite@latest', '{name}', '--template', 'react-ts', '--no-interactive')
  await addToVite(cwd)
  const choices = ['--yes', '--no-dev', '--type', 'react', '--builder', 'vite', '--features', 'docs']
  await npx(cwd, ['create-storybook@latest', ...choices, '--skip-install', '--disable-telemetry'])
  // Its samples do not pass the checks of that template, which forbids unused imports.
  for (const name of ['Button', 'Header']) {
    await replaceIn(path.join(cwd, 'src', 'stories', `${name}.tsx`), [/^import React .*\n/m, ''])
  }
  await writeFile(path.join(cwd, 'src', 'stories', 'Hero.stories.ts'), STORY)
  await editFile(path.join(cwd, '.gitignore'), (text) => `${text}\nstorybook-static\n`)
}

export async function makeCreateVite(cwd, name) {
  await create(cwd, 'create-vite@latest', '{name}', '--template', name, '--no-interactive')
  await addToVite(cwd)
  const main = path.join(cwd, 'src', name === 'vue-ts' ? 'main.ts' : 'main.tsx')
  await editFile(main, (text) => `${text}\n${SHOW}`)
}

async function addToVite(cwd) {
  await replaceIn(
    path.join(cwd, 'vite.config.ts'),
    [/^/, MESHY_OF_VITE],
    ['plugins: [', 'plugins: [meshy(), '],
  )
}

/** Runs an initializer that has to create the folder of the project itself. */
async function create(cwd, ...words) {
  const { dir, base } = path.parse(cwd)
  const made = `${base}-made`
  await npx(
    dir,
    words.map((word) => (word === '{name}' ? made : word)),
  )
  for (const entry of await readdir(path.join(dir, made))) {
    await rename(path.join(dir, made, entry), path.join(cwd, entry))
  }
}

const SHOW = `import '@google/model-viewer'
import hero from '../hero.png?meshy&poly=5000'

const line = document.createElement('p')
line.textContent = \`\${hero.metadata.triangles} triangles, \${hero.metadata.state}\`
const viewer = Object.assign(document.createElement('model-viewer'), { src: hero.url, alt: 'The hero' })
document.body.prepend(line, viewer)
`

const VIEWER = `'use client'

import { createElement, useEffect } from 'react'
import hero from '../hero.png?meshy&poly=5000'

export default function Viewer({ src }: { src: string }) {
  useEffect(() => {
    void import('@google/model-viewer')
  }, [])
  const same = String(src === hero.url)
  return createElement('model-viewer', { src, 'data-same': same, alt: 'The hero', style: { height: '20em' } })
}
`

const STORY = `import '@google/model-viewer'
import type { Meta, StoryObj } from '@storybook/react-vite'
import { createElement } from 'react'
import hero from '../../hero.png?meshy&poly=5000'

function Hero() {
  const text = \`\${hero.metadata.triangles} triangles, \${hero.metadata.state}\`
  const viewer = createElement('model-viewer', { src: hero.url, alt: 'The hero' })
  return createElement('main', null, createElement('p', null, text), viewer)
}

export default { title: 'Hero', component: Hero } satisfies Meta<typeof Hero>

export const Shown: StoryObj<typeof Hero> = {}
`
