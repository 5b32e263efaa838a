import { describe, expect, it } from 'vitest'
import type { ModelTransform } from '../../src/derive/transform-model.ts'
import { inspectDev, inspectProject, loadModules, pressButton, type Inspected } from './inspected.ts'

/** The machine may be busy. */
const WAIT = { timeout: 30_000 }
const HERO = { 'main.js': `import hero from './hero.png?meshy'\nconsole.log(hero)\n` }

describe('a derivation in a dev server', () => {
  it('is on its way, without credits, and then ready', async () => {
    const step = gatedStep()
    const inspected = await reopenWith(step)
    await loadModules(inspected, '/main.js')

    const { models, totals } = await inspected.inspection()
    expect(models).toMatchObject([
      {
        state: 'pending',
        isStored: true,
        progress: { text: 'is being derived' },
        metadata: { state: 'ready' },
      },
    ])
    expect(totals.credits).toMatchObject({ spent: 30, onTheirWay: 0 })

    step.open()

    await expect.poll(() => stateOf(inspected), WAIT).toBe('ready')
    const { progress, metadata } = await inspected.model('hero.png')
    expect(progress).toBeUndefined()
    expect(metadata?.derived?.steps).toEqual(['gated@1'])
  })

  it('runs once when its module is loaded again meanwhile', async () => {
    const step = gatedStep()
    const inspected = await reopenWith(step)
    await loadAgain(inspected)
    await loadAgain(inspected)

    step.open()
    await expect.poll(() => stateOf(inspected), WAIT).toBe('ready')

    expect(step.runs).toBe(1)
  })

  it('tells its failure with the next step, keeps the model, and is not repeated by itself', async () => {
    const step = gatedStep()
    const inspected = await reopenWith(step)
    await loadModules(inspected, '/main.js')
    step.fail('no such mesh')

    await expect.poll(() => stateOf(inspected), WAIT).toBe('failed')
    await loadAgain(inspected)
    await loadAgain(inspected)

    expect(await inspected.model('hero.png')).toMatchObject({
      state: 'failed',
      canRetry: true,
      isStored: true,
      metadata: { state: 'ready' },
      error: {
        code: 'MESHY_DERIVE_FAILED',
        message: expect.stringContaining('no such mesh'),
        hint: expect.stringContaining('Remove the step'),
      },
    })
    expect((await inspected.model('hero.png')).progress).toBeUndefined()
    expect(step.runs).toBe(1)
    const told = inspected.dev.log.filter((line) => line.includes('no such mesh'))
    expect(told).toHaveLength(1)
    expect(inspected.dev.log.join('\n')).toContain('its model is shown as it came')
  })

  it('is tried again when the developer asks, free', async () => {
    const step = gatedStep()
    const inspected = await reopenWith(step)
    await loadModules(inspected, '/main.js')
    step.fail('no such mesh')
    await expect.poll(() => stateOf(inspected), WAIT).toBe('failed')
    step.open()

    const { id } = await inspected.model('hero.png')
    expect(JSON.parse((await pressButton(inspected, 'retry', [id])).body)).toEqual({ keys: [id] })

    await expect.poll(() => stateOf(inspected), WAIT).toBe('ready')
    expect((await inspected.model('hero.png')).metadata?.derived?.steps).toEqual(['gated@1'])
    expect(step.runs).toBe(2)
    expect(inspected.emulator.counts.posts).toBe(1)
  })

  it('that fails right after its model was made is not repeated either', async () => {
    const step = gatedStep()
    step.fail('no such mesh')
    const inspected = await inspectDev({ files: HERO, options: { transforms: [step.transform] } })
    await loadModules(inspected, '/main.js')
    await pressButton(inspected, 'generate', [(await inspected.model('hero.png')).id])
    await expect.poll(() => stateOf(inspected), WAIT).toBe('failed')

    await loadAgain(inspected)

    expect(await inspected.model('hero.png')).toMatchObject({
      state: 'failed',
      isStored: true,
      canRetry: true,
    })
    expect(step.runs).toBe(1)
  })

  it('is tried again for every import that failed, by one press', async () => {
    const step = gatedStep()
    step.fail('no such mesh')
    const inspected = await reopenWith(step, {
      'optimized.js': `import './hero.png?meshy&optimize'\n`,
    })
    await loadModules(inspected, '/main.js', '/optimized.js')
    const failures = () => inspected.dev.log.filter((line) => line.includes('no such mesh'))
    await expect.poll(failures, WAIT).toHaveLength(2)
    step.open()

    await pressButton(inspected, 'retry', [(await inspected.model('hero.png')).id])

    await expect.poll(() => stateOf(inspected), WAIT).toBe('ready')
    expect(step.runs).toBe(4)
  })
})

/** A step that waits until it is told how to end. */
function gatedStep() {
  let end: (outcome?: Error) => void = () => {}
  let outcome = new Promise<Error | undefined>((resolve) => (end = resolve))
  const step = {
    runs: 0,
    open: () => {
      end()
      outcome = Promise.resolve(undefined)
    },
    fail: (message: string) => end(new Error(message)),
    transform: {
      name: 'gated',
      version: 1,
      transform: async () => {
        step.runs += 1
        const error = await outcome
        if (error) throw error
      },
    } satisfies ModelTransform,
  }
  return step
}

/** A project whose model was made before, in a new server with a step of its own. */
async function reopenWith(
  { transform }: ReturnType<typeof gatedStep>,
  files: Record<string, string> = {},
): Promise<Inspected> {
  const before = await inspectDev({ files: { ...HERO, ...files } })
  await loadModules(before, '/main.js')
  await pressButton(before, 'generate', [(await before.model('hero.png')).id])
  await expect.poll(() => stateOf(before), WAIT).toBe('ready')
  await before.dev.close()
  return inspectProject(before, { options: { transforms: [transform] } })
}

/** As when a page is loaded whose modules have changed. */
async function loadAgain(inspected: Inspected): Promise<void> {
  inspected.dev.server.moduleGraph.invalidateAll()
  await loadModules(inspected, '/main.js')
}

async function stateOf(inspected: Inspected): Promise<string> {
  return (await inspected.model('hero.png')).state
}
