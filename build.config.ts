import { defineBuildConfig } from 'unbuild'

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
    'src/emulator',
    'src/types',
    'src/cli',
    // A worker thread is started from a file of its own.
    'src/preview/worker',
  ],
  declaration: 'node16',
  clean: true,
  rollup: {
    emitCJS: false,
    esbuild: { target: 'node20' },
  },
})
