import { describe, expect, it } from 'vitest'
import type { FaultRule } from '../../../src/emulator.ts'
import { phaseOf, type Phase } from '../../../src/run/models/model.ts'
import { loadRequest, openRun, writePictures, type TestRun } from '../../support/run.ts'
import { startService } from '../../support/service.ts'
import { useTempDir } from '../../support/temp-dir.ts'

const SPECIFIER = 'hero.png?meshy'
const WAIT = { timeout: 20_000 }
const REFUSED: FaultRule = { kind: 'failTask', message: 'It went wrong', type: 'invalid_request' }

/** Two instances of the plugin in one process, as a framework makes them for pages and for its server. */
describe('two live runs that want one model', () => {
  const { path } = useTempDir()

  async function loadInBoth(faults: FaultRule[] = []) {
    await writePictures(path(), 'hero.png')
    const service = await startService({ taskMs: 1_500, faults })
    const open = () => openRun({ root: path(), service, live: true })
    const [one, two] = [await open(), await open()]
    await one.load(SPECIFIER)
    await two.load(SPECIFIER)
    return { service, one, two }
  }

  it('both show that it is made, by one of them, once', async () => {
    const { service, one, two } = await loadInBoth()

    expect([one, two].map(phaseIn)).toEqual(['making', 'making'])
    await expect.poll(() => [one, two].map(phaseIn).toSorted(), WAIT).toEqual(['idle', 'ready'])
    const other = phaseIn(one) === 'idle' ? one : two
    await other.load(SPECIFIER)

    expect(phaseIn(other)).toBe('ready')
    expect(service.counts.posts).toBe(1)
  })

  it('are told of a failure by themselves: one when it happens, the other when it asks again', async () => {
    const { service, one, two } = await loadInBoth([REFUSED])

    await expect.poll(() => [one, two].map(phaseIn).toSorted(), WAIT).toEqual(['failed', 'idle'])
    const other = phaseIn(one) === 'idle' ? one : two
    const shown = await other.load(SPECIFIER)

    expect(phaseIn(other)).toBe('failed')
    expect(shown.failure).toMatchObject({ code: 'MESHY_TASK_FAILED' })
    expect(other.told.join('\n')).toMatch(/failed before: .*It went wrong/)
    expect(service.counts.posts).toBe(1)
  })
})

describe('a model that this run could not have', () => {
  const { path } = useTempDir()

  it('stays given up for who wants what it lacks, also when another import is served', async () => {
    await writePictures(path(), 'hero.png')
    const service = await startService()
    const { context } = await openRun({ root: path(), service, live: true })
    const { models } = context.ports
    const [plain, withFiles] = [
      await loadRequest(context, path(), 'hero.png?meshy'),
      await loadRequest(context, path(), 'hero.png?meshy&formats=fbx'),
    ]
    const ready = await (await openRun({ root: path(), service })).load('hero.png?meshy')

    models.failed(withFiles, new Error('gone'), { isGivenUp: true })
    models.served(plain, ready)
    expect(models.find(plain.key)?.givenUp).toBe(withFiles)

    models.served(withFiles, ready)
    expect(models.find(plain.key)?.givenUp).toBeUndefined()
  })
})

function phaseIn({ context }: TestRun): Phase | undefined {
  const [model] = context.ports.models.all()
  return model && phaseOf(model)
}
