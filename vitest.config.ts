import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: 'test/support/compile.ts',
    // The store of whoever runs the tests is theirs.
    env: { MESHY_MACHINE_STORE: 'false' },
    testTimeout: 120_000,
    hookTimeout: 180_000,
    // Real bundlers, browsers and child processes share two cores.
    maxWorkers: 2,
    // On a machine that others use too, a real process can come too late once. The report tells each second try.
    retry: process.env.CI ? 1 : 0,
  },
})
