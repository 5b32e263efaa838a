import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'
import { compile, compiledWorkers } from './test/support/compile.ts'

const compiled = await compile()

/** What takes longest, measured in a run on two cores. */
const LONGEST = [
  'simulation/simulation',
  'bundlers/dev',
  'store/shared/two-machines',
  'inspector/browser',
  'bundlers/watch',
  'store/shared/store-faults',
  'browser/overlay',
  'browser/playground',
  'stand-in/mesher/mesher',
  'derive/picture',
  'derive/loading',
  'cli/commanded',
  'packaging/workflows',
].map((name) => `/test/${name}.test.ts`)

/** Starts with what takes longest: at the end it would keep a core waiting. */
class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const place = ({ moduleId }: TestSpecification) => {
      const found = LONGEST.findIndex((name) => moduleId.endsWith(name))
      return found < 0 ? LONGEST.length : found
    }
    return sorted.sort((a, b) => place(a) - place(b))
  }
}

export default defineConfig({
  plugins: [compiledWorkers(compiled)],
  test: {
    include: ['test/**/*.test.ts'],
    provide: { compiled },
    globalSetup: 'test/support/once-per-run.ts',
    // The store of the person who runs the tests belongs to them.
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
    maxWorkers: 6,
    // On a machine that others use too, a real process may be too late once. The report lists each second try.
    retry: process.env.CI ? 1 : 0,
  },
})
