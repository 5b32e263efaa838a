import { describe, expect, it } from 'vitest'
import { formatPlan, takePlan } from '../../src/run/plan.ts'
import type { Options } from '../../src/run/option-types.ts'
import { failureOf, openRun, writePictures } from '../support/run.ts'
import { startService } from '../support/service.ts'
import { useTempDir } from '../support/temp-dir.ts'
import { writeGrainyPicture } from './pictures.ts'

const { path: dir } = useTempDir()

async function setUp() {
  await writeGrainyPicture(dir())
  const service = await startService()
  return { service, run: (options: Options = {}) => openRun({ root: dir(), service, options }) }
}

describe('maxBytes and maxTriangles', () => {
  it('warn, and name the directive that helps most', async () => {
    const { run } = await setUp()
    const { load, told } = await run({ maxBytes: 10_000 })

    const asset = await load('hero.png?meshy')
    await load('hero.png?meshy&optimize')
    await load('hero.png?meshy&optimize&texture-size=256')

    expect(asset.metadata.state).toBe('ready')
    const warnings = told.filter((text) => text.includes('`hero.png` has'))
    expect(warnings).toEqual([
      expect.stringMatching(
        /has [\d.]+ kB \(`maxBytes`: 10 kB\)\. Add `optimize` to the import, which is free/,
      ),
      expect.stringMatching(/Add `texture-size=1024`/),
      expect.stringMatching(/Raise the limit/),
    ])
  })

  it.each([
    ['simplify=8&max-triangles=4', 'Change `simplify` to 4,'],
    ['no-optimize&max-bytes=100', 'Replace `no-optimize` with `optimize`,'],
    ['optimize&texture-size=1024&max-bytes=10000', 'Change `texture-size` to 512,'],
    ['optimize&texture-size=256&compress=none&max-bytes=10000', 'Change `compress` to meshopt,'],
    ['simplify=4&max-triangles=3', 'Raise the limit:'],
  ])('advise to change what the import already says: %s', async (query, advice) => {
    const { run } = await setUp()
    const { load, told } = await run()

    await load(`hero.png?meshy&${query}`)

    expect(told.join('\n')).toContain(advice)
  })

  it('are an error when `oversize` is `error`, and what is paid stays stored', async () => {
    const { service, run } = await setUp()
    const { load } = await run({ oversize: 'error' })

    const failure = await failureOf(load('hero.png?meshy&max-triangles=1'))

    expect(failure).toMatchObject({
      code: 'MESHY_OUTPUT_TOO_LARGE',
      hint: expect.stringContaining('`simplify=4`'),
    })
    expect(await load('hero.png?meshy')).toMatchObject({ metadata: { state: 'ready' } })
    expect(service.counts.posts).toBe(1)
  })

  it('are no part of the key, and an import overrides the options', async () => {
    const { run } = await setUp()
    const { load, told } = await run({ maxBytes: 10_000 })

    const { metadata } = await load('hero.png?meshy&max-bytes=100000000')

    expect((await load('hero.png?meshy')).metadata.key).toBe(metadata.key)
    expect(told.filter((text) => text.includes('`hero.png` has'))).toHaveLength(1)
  })

  it('say nothing of stand-ins', async () => {
    const { run } = await setUp()
    const { load, told } = await run({ mode: 'preview', maxBytes: 1 })

    await load('hero.png?meshy')

    expect(told.join('\n')).not.toContain('maxBytes')
  })
})

const ELSEWHERE =
  'Build on your machine and commit `meshy-lock.json` and `.meshy`, or set MESHY_MODE=generate for this run.'

describe('a model with fewer polygons than a pinned one', () => {
  async function withLarger() {
    await writePictures(dir(), 'hero.png')
    const service = await startService()
    const run = (options: Options = {}) => openRun({ root: dir(), service, options })
    await (await run()).load('hero.png?meshy&pbr')
    return { service, run }
  }
  const FREE =
    '`hero.png` without `poly` is already stored: `simplify=5000` on that import reduces it to 5000 triangles for free.'

  it('is said to be free in the announcement, and is paid all the same', async () => {
    const { service, run } = await withLarger()
    const { load, told } = await run()

    await load('hero.png?meshy&pbr&poly=5000')

    expect(told.join('\n')).toContain(FREE)
    expect(service.counts.posts).toBe(2)
  })

  it('is said to be free by the error of `frozen`', async () => {
    const { run } = await withLarger()

    const failure = await failureOf((await run({ mode: 'frozen' })).load('hero.png?meshy&pbr&poly=5000'))

    expect(failure).toMatchObject({ code: 'MESHY_MODEL_MISSING', hint: `${FREE} ${ELSEWHERE}` })
  })

  it('is said to be free in a plan, and so is what would be derived', async () => {
    const { run } = await withLarger()
    const { context, loadAll } = await run({ mode: 'plan' })

    await Promise.allSettled(
      ['hero.png?meshy&pbr&poly=5000', 'hero.png?meshy&pbr&optimize'].map((one) => loadAll([one])),
    )

    const text = formatPlan(await takePlan(context.seen))
    expect(text).toContain(FREE)
    expect(text).toContain('derives optimize@3, 0 credits')
  })

  it.each([
    'hero.png?meshy&poly=5000',
    'hero.png?meshy&pbr&poly=40000',
    'hero.png?meshy&pbr&take=2&poly=5000',
    'other.png?meshy&pbr&poly=5000',
  ])('is not said to be free when it differs in more, or has no fewer: %s', async (specifier) => {
    const { run } = await withLarger()
    await writePictures(dir(), 'first.png', 'other.png')

    const failure = await failureOf((await run({ mode: 'frozen' })).load(specifier))

    expect(failure.hint).not.toContain('for free')
  })
})

describe('a model that an emulator made', () => {
  async function refusal(specifier: string) {
    await writePictures(dir(), 'hero.png')
    const service = await startService()
    const run = (options: Options) => openRun({ root: dir(), service, options })
    await (await run({})).load('hero.png?meshy&pbr&poly=5000')
    return failureOf((await run({ mode: 'frozen', emulated: false })).load(specifier))
  }

  it('is not that of the service, and the error says where it counts, and how to have one', async () => {
    expect(await refusal('hero.png?meshy&poly=5000&pbr')).toMatchObject({
      code: 'MESHY_MODEL_MISSING',
      hint: `\`hero.png\` is only stored as a model of an emulator, which counts only if MESHY_BASE_URL is that of an emulator. ${ELSEWHERE}`,
    })
  })

  it.each(['hero.png?meshy&pbr', 'hero.png?meshy&poly=5000', 'hero.png?meshy&pbr&poly=4000'])(
    'is no word on an import that differs in more: %s',
    async (specifier) => {
      expect((await refusal(specifier)).hint).not.toContain('emulator')
    },
  )
})
