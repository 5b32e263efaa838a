import path from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { defaultDeclaredFile } from '../../src/run/types/place.ts'
import { createProject, type ProjectInit } from '../support/project.ts'

const REFERENCES = `{
  // Solution style
  "files": [],
  "references": [{ "path": "./tsconfig.app.json" }, { "path": "./tsconfig.node.json" },],
}
`
const NODE = { include: ['vite.config.ts'] }

describe('defaultDeclaredFile', () => {
  it.each<[string, string | undefined, NonNullable<ProjectInit['files']>, string?]>([
    ['is none without TypeScript', undefined, { 'src/main.js': '' }],
    [
      'stands beside a config that includes all',
      'meshy-env.d.ts',
      { 'tsconfig.json': {}, 'src/main.ts': '' },
    ],
    [
      'follows the references of create-vite for React',
      'src/meshy-env.d.ts',
      {
        'tsconfig.json': REFERENCES,
        'tsconfig.app.json': { include: ['src'] },
        'tsconfig.node.json': NODE,
        'src/main.tsx': '',
      },
    ],
    [
      'follows the references of create-vite for Vue',
      'src/meshy-env.d.ts',
      {
        'tsconfig.json': REFERENCES,
        'tsconfig.app.json': {
          extends: '@vue/tsconfig/tsconfig.dom.json',
          include: ['src/**/*.ts', 'src/**/*.tsx', 'src/**/*.vue'],
        },
        'tsconfig.node.json': NODE,
        'src/main.ts': '',
      },
    ],
    [
      'follows a config that is extended, with paths from there',
      'src/meshy-env.d.ts',
      {
        'tsconfig.json': { extends: './.svelte-kit/tsconfig.json' },
        '.svelte-kit/tsconfig.json': { include: ['ambient.d.ts', '../vite.config.ts', '../src/**/*.ts'] },
        'src/app.html': '',
      },
    ],
    [
      'guesses where a framework has not made its config yet',
      'src/meshy-env.d.ts',
      { 'tsconfig.json': { extends: './.svelte-kit/tsconfig.json' }, 'src/app.html': '' },
    ],
    [
      'prefers the root of the bundler where configs cannot be read',
      'app/meshy-env.d.ts',
      {
        'tsconfig.json': { references: [{ path: './.nuxt/tsconfig.app.json' }], files: [] },
        'app/app.vue': '',
      },
      'app',
    ],
    [
      'is in no folder that a framework makes anew',
      'app/meshy-env.d.ts',
      {
        'tsconfig.json': { files: [], references: [{ path: './.nuxt/tsconfig.app.json' }] },
        '.nuxt/tsconfig.app.json': { include: ['./**/*', '../app/**/*'] },
        'app/app.vue': '',
      },
      'app',
    ],
    [
      'is inside of a repository, whatever stands above it',
      undefined,
      { 'tsconfig.json': {}, 'repo/.git/HEAD': '', 'repo/main.js': '' },
      'repo',
    ],
    [
      'is inside of a package that is in no repository',
      undefined,
      { 'tsconfig.json': {}, 'package/package.json': {}, 'package/main.js': '' },
      'package',
    ],
  ])('%s', async (_, expected, files, root = '.') => {
    const project = await createProject({ files: { 'package.json': {}, ...files } })
    onTestFinished(() => project.remove())

    const file = defaultDeclaredFile(path.join(project.root, root))

    expect(file && path.relative(project.root, file)).toBe(expected)
  })
})
