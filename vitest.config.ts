import { defineConfig } from 'vitest/config'
import { compile, compiledWorkers } from './test/support/compile.ts'

const compiled = await compile()

export default defineConfig({
  plugins: [compiledWorkers(compiled)],
  test: {
    include: ['test/**/*.test.ts'],
    provide: { compiled },
    globalSetup: 'test/support/once-per-run.ts',
    // The store of whoever runs the tests is theirs.
    env: { MESHY_MACHINE_STORE: 'false' },
    testTimeout: 120_000,
    hookTimeout: 180_000,
    // On two cores: many tests wait, for a quiet moment or a poll, as the plugin does.
    maxWorkers: 3,
    // On a machine that others use too, a real process can come too late once. The report tells each second try.
    retry: process.env.CI ? 1 : 0,
  },
})
