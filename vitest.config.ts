import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'
import { compile, compiledWorkers } from './test/support/compile.ts'

const compiled = await compile()

/** Where a small file may take a minute. */
const LONG = /\/test\/(browser|derive|packaging|store\/shared|types)\//

/** Without a run before this one, the largest file begins first. A long one at the end would keep a core waiting. */
class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const isLong = ({ moduleId }: TestSpecification) => LONG.test(moduleId)
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))]
  }
}

export default defineConfig({
  plugins: [compiledWorkers(compiled)],
  test: {
    include: ['test/**/*.test.ts'],
    provide: { compiled },
    globalSetup: 'test/support/once-per-run.ts',
    // The store of whoever runs the tests is theirs.
    env: { MESHY_MACHINE_STORE: 'false' },
    // Nothing here is changed that a file does not put back, and loading all anew for each file is a third of the work.
    isolate: false,
    // Many change the working folder, which a thread cannot.
    pool: 'forks',
    unstubEnvs: true,
    sequence: { sequencer: LongFirst },
    testTimeout: 120_000,
    hookTimeout: 180_000,
    // On two cores: many tests wait, for a quiet moment or a poll, as the plugin does.
    maxWorkers: 3,
    // On a machine that others use too, a real process can come too late once. The report tells each second try.
    retry: process.env.CI ? 1 : 0,
  },
})
