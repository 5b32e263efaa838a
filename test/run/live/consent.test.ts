import { mkdir, writeFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { loadAsset } from '../../../src/run/load.ts'
import { agree } from '../../../src/run/live/asking.ts'
import type { Model } from '../../../src/run/models/model.ts'
import { ageJournal, changeRecord, removeTasks } from '../../support/journal.ts'
import { leaveOnItsWay, openRun, writePictures } from '../../support/run.ts'
import { startService } from '../../support/service.ts'
import { useTempDir } from '../../support/temp-dir.ts'

const WAIT = { timeout: 20_000 }

describe('the question of a dev server', () => {
  const { path } = useTempDir()

  async function setUp() {
    await writePictures(path(), 'hero.png', 'tree.png')
    const service = await startService()
    const run = await openRun({ root: path(), service, live: true, options: { mode: 'ask' } })
    const { context } = run
    /** Loads an import that stands in a module until it is edited. */
    const load = async (specifier: string, isImported: () => boolean) => {
      const file = path(specifier.slice(0, specifier.indexOf('?')))
      const site = async () => ({ file: 'main.js', line: 1 })
      const imported = context.project.imports.find(context.project.imports.add(specifier, { file, site }))
      if (imported) await loadAsset(context, { ...imported, isImported })
    }
    return { service, run, load }
  }

  it('counts what is imported now, and a yes is about nothing else', async () => {
    const { service, run, load } = await setUp()

    await load('hero.png?meshy&poly=1000', () => false)
    await load('hero.png?meshy&poly=2000', () => false)
    await load('hero.png?meshy', () => true)
    await expect.poll(() => run.told.join('\n'), WAIT).toMatch(/^meshy: hero\.png: 30 credits\. /m)
    const agreed = await agree(run.context)

    expect(agreed).toHaveLength(1)
    await expect.poll(() => run.told.join('\n'), WAIT).toContain('hero.png is ready')
    expect(service.counts.posts).toBe(1)
  })

  it('hears a yes to several of them, however they are told', async () => {
    const { service, run, load } = await setUp()
    await load('hero.png?meshy', () => true)
    await load('tree.png?meshy', () => true)
    await expect.poll(() => run.told.join('\n'), WAIT).toContain('60 credits')

    const agreed = await agree(run.context, new Set(run.context.ports.models.all().map(keyOf)).values())

    expect(agreed).toHaveLength(2)
    await expect.poll(() => service.counts.posts, WAIT).toBe(2)
  })

  it('takes a yes as one to the prices that were shown, not to what appeared right before it', async () => {
    const { service, run, load } = await setUp()
    await load('hero.png?meshy', () => true)
    await expect.poll(() => run.told.join('\n'), WAIT).toContain('hero.png: 30 credits')
    const agreed = new Promise<string[]>((resolve) => {
      run.context.ports.models.subscribe(({ isAsked, request }, before) => {
        const isNew = isAsked && !before?.isAsked
        if (isNew && request.imageName === 'tree.png') resolve(agree(run.context))
      })
    })
    const [shown] = run.context.ports.models.all().map(keyOf)

    await load('tree.png?meshy', () => true)

    expect(await agreed).toEqual([shown])
    await expect.poll(() => run.told.join('\n'), WAIT).toContain('hero.png is ready')
    await expect.poll(() => run.told.join('\n'), WAIT).toMatch(/tree\.png: \d+ credits/)
    expect(service.counts.posts).toBe(1)
    expect(await agree(run.context)).toHaveLength(1)
  })

  it('is asked again where a task that was on its way, for 0 credits, is gone', async () => {
    const { service, run, load } = await setUp()
    const asksForHero = () => run.told.filter((text) => text.includes('hero.png: 30 credits')).length
    await load('hero.png?meshy', () => true)
    await expect.poll(asksForHero, WAIT).toBe(1)
    // Another terminal submits it, and loses the answer.
    await leaveOnItsWay(path(), service, 'hero.png?meshy')
    await changeRecord(path(), { state: 'started', taskId: undefined, lost: true })
    await load('tree.png?meshy', () => true)
    await expect.poll(() => run.told.join('\n'), WAIT).toContain('hero.png, tree.png: 30 credits')
    const [hero, tree] = run.context.ports.models.all().map(keyOf)
    await removeTasks(service)
    await ageJournal(path(), 80)

    expect(await agree(run.context)).toEqual([tree])
    await expect.poll(asksForHero, WAIT).toBe(2)
    expect(await agree(run.context)).toEqual([hero])
    await expect.poll(() => run.told.join('\n'), WAIT).toContain('hero.png is ready')
  })

  it('leaves out what another server has made since', async () => {
    const { service, run, load } = await setUp()
    await load('hero.png?meshy', () => true)
    await load('tree.png?meshy', () => true)
    await expect.poll(() => run.told.join('\n'), WAIT).toContain('60 credits')
    await (await openRun({ root: path(), service })).load('hero.png?meshy')

    const agreed = await agree(run.context)

    expect(agreed).toHaveLength(1)
    await expect.poll(() => run.told.join('\n'), WAIT).toContain('tree.png is ready')
    expect(service.counts.posts).toBe(2)
    expect(run.context.ports.models.find(agreed[0] ?? '')?.isAsked).toBe(false)
  })

  it('goes on where a record of another model cannot be read', async () => {
    const { service, run } = await setUp()
    await mkdir(path('.meshy', 'journal'), { recursive: true })
    await writeFile(path('.meshy', 'journal', '00112233445566ff.json'), '')

    await run.load('hero.png?meshy')
    await expect.poll(() => run.told.join('\n'), WAIT).toContain('30 credits')
    await agree(run.context)

    await expect.poll(async () => (await run.load('hero.png?meshy')).metadata.state, WAIT).toBe('ready')
    expect(service.counts.posts).toBe(1)
  })
})

function keyOf({ request }: Model): string {
  return request.key
}
