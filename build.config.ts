import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { defineBuildConfig } from 'unbuild'
import { buildPage } from './scripts/build-page.mjs'
import { recipeJsonSchema } from './src/request/recipe-json-schema.ts'

export default defineBuildConfig({
  entries: [
    'src/index',
    'src/vite',
    'src/rollup',
    'src/rolldown',
    'src/webpack',
    'src/rspack',
    'src/rsbuild',
    'src/esbuild',
    'src/farm',
    'src/bun',
    'src/turbopack',
    'src/emulator',
    'src/types',
    'src/cli',
    // Workers are started from files of their own.
    'src/stand-in/mesher/worker',
    'src/derive/worker',
    'src/store/worker',
    'src/cli/ahead/worker',
  ],
  declaration: 'node16',
  clean: true,
  rollup: {
    emitCJS: false,
    esbuild: { target: 'node20' },
  },
  hooks: {
    // Nobody imports a worker: types of them would only cost memory, which there is not enough of for all.
    'rollup:dts:options': (_, options) => {
      const types = Object.entries(options.input ?? {}).filter(([name]) => !name.endsWith('/worker'))
      options.input = Object.fromEntries(types)
    },
    'build:done': async ({ options }) => {
      const text = `${JSON.stringify(recipeJsonSchema(), undefined, 2)}\n`
      await writeFile(path.resolve(options.rootDir, options.outDir, 'recipe.schema.json'), text)
      await buildPage()
    },
  },
})
