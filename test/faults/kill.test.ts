import { mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it, type TestContext } from 'vitest'
import type { StartOptions } from '../../src/emulator.ts'
import { startGate, type Gate } from '../support/gate.ts'
import { startGenerating } from '../support/generate-child.ts'
import { failureOf, openRun, writePictures, type Service } from '../support/run.ts'
import { servedModel, startService } from '../support/service.ts'
import { STEPS } from './children/steps.ts'

const SPECIFIER = 'hero.png?meshy&poly=20000'

/** A folder and a service for one test; the tests of this file run side by side. */
async function setUp({ onTestFinished }: TestContext, options: StartOptions = {}) {
  const root = await realpath(await mkdtemp(path.join(tmpdir(), 'unplugin-meshy-')))
  onTestFinished(() => rm(root, { recursive: true, force: true }))
  await writePictures(root, 'hero.png')
  const emulator = await startService(options, onTestFinished)
  return { root, emulator, gate: await startGate(emulator, onTestFinished) }
}

function generate(root: string, service: Service, killAt?: string) {
  return startGenerating(root, service, { specifiers: [SPECIFIER], ...(killAt && { killAt }) })
}

/** A run after the crash: it serves the model of the one task, pins it, and leaves nothing on its way. */
async function expectDelivered(root: string, service: Service, model: () => Promise<Buffer>) {
  const { load, context } = await openRun({ root, service })
  const {
    ports: { store },
  } = context
  const asset = await load(SPECIFIER)
  const { key } = asset.metadata

  expect(asset.metadata.state).toBe('ready')
  expect(await readFile(asset.files[0]?.path ?? '')).toEqual(await model())
  expect(await store.entries.read(key)).toBeDefined()
  expect(await store.lockfile?.get(key)).toBeDefined()
  expect(await store.journal.keys()).toEqual([])
}

describe.concurrent('a process killed with SIGKILL', () => {
  it.for(STEPS)('pays once, and the next run delivers, when it dies at: %s', async (step, test) => {
    const { root, emulator } = await setUp(test)

    const killed = await generate(root, emulator, step).exited
    expect(killed).toMatchObject({ signal: 'SIGKILL' })

    await expectDelivered(root, emulator, () => servedModel(emulator))
    expect(emulator.counts).toMatchObject({ posts: 1, created: 1 })
  })

  // Where no name is echoed, the journal alone must know.
  const WITHOUT_NAMES = ['journal started', 'task accepted', 'task heard of', 'download begun'] as const
  it.for(WITHOUT_NAMES)('pays once without the help of names when it dies at: %s', async (step, test) => {
    const { root, emulator } = await setUp(test, { profile: 'reference' })

    await generate(root, emulator, step).exited

    await expectDelivered(root, emulator, () => servedModel(emulator))
    expect(emulator.counts).toMatchObject({ posts: 1, created: 1 })
  })

  it('names the candidate, and never pays again, when it dies before it knows the id and no name is echoed', async (test) => {
    const { root, emulator } = await setUp(test, { profile: 'reference' })

    await generate(root, emulator, 'answer received').exited

    for (let count = 0; count < 3; count += 1) {
      const { load } = await openRun({ root, service: emulator })
      expect(await failureOf(load(SPECIFIER))).toMatchObject({
        code: 'MESHY_SUBMIT_UNKNOWN',
        details: { candidates: emulator.tasks().map(({ id }) => id) },
      })
    }
    expect(emulator.counts).toMatchObject({ posts: 1, created: 1 })
  })

  it('pays once when it dies at one step after the other', { timeout: 240_000 }, async (test) => {
    const { root, emulator } = await setUp(test)

    // Each second one: what is between two of these is told by the story of one step.
    for (const killAt of STEPS.filter((_, at) => at % 2)) {
      const { code, signal } = await generate(root, emulator, killAt).exited
      // A step that comes no more, since its work is done, lets the run end.
      expect(signal ?? code).toBeOneOf(['SIGKILL', 0])
    }

    await expectDelivered(root, emulator, () => servedModel(emulator))
    expect(emulator.counts).toMatchObject({ posts: 1, created: 1 })
  })

  it('pays once when it dies while the service has not answered yet', async (test) => {
    const { root, emulator, gate } = await setUp(test)
    const service = { url: gate.url, apiKey: emulator.apiKey }
    const child = generate(root, service)
    const created = new Promise<void>((resolve) => {
      gate.onAnswer = async ({ method }) => {
        if (method !== 'POST') return
        resolve()
        await child.exited
      }
    })

    await created
    await child.kill()

    await expectDelivered(root, service, () => servedModel(emulator))
    expect(emulator.counts).toMatchObject({ posts: 1, created: 1 })
  })

  it('pays once when the service makes the task only after the next run has begun', async (test) => {
    const { root, emulator, gate } = await setUp(test)
    const service = { url: gate.url, apiKey: emulator.apiKey }
    let lists = 0
    let release = () => {}
    const released = new Promise<void>((resolve) => (release = resolve))
    const arrived = new Promise<void>((resolve) => {
      gate.onRequest = async ({ method, path: url }) => {
        // The first run looks twice. The next one has looked once when the task is made.
        if (url.includes('sort_by') && ++lists === 3) gate.onAnswer = () => release()
        if (method !== 'POST') return
        resolve()
        await released
      }
    })
    const child = generate(root, service)

    await arrived
    await child.kill()

    await expectDelivered(root, service, () => servedModel(emulator))
    expect(emulator.counts).toMatchObject({ posts: 1, created: 1 })
  })

  it('pays once when the service, after a full queue, takes its time with the task', async (test) => {
    const { root, emulator, gate } = await setUp(test, { faults: [{ kind: 'queueFull', nth: 1 }] })
    const service = { url: gate.url, apiKey: emulator.apiKey }
    const { arrived, child } = holdSecondPost(root, { gate, service, looks: 9 })

    await arrived
    await child.kill()

    await expectDelivered(root, service, () => servedModel(emulator))
    expect(emulator.counts).toMatchObject({ created: 1 })
  })

  it('pays once, and only when no answer can come any more, when it dies right before it sends', async (test) => {
    const { root, emulator } = await setUp(test)

    await generate(root, emulator, 'about to send').exited
    expect(emulator.counts.posts).toBe(0)
    await endPatience(root)

    await expectDelivered(root, emulator, () => servedModel(emulator))
    expect(emulator.counts).toMatchObject({ posts: 1, created: 1 })
  })
})

/** Starts a run whose second submission has its effect only after the next run has looked so many times. */
function holdSecondPost(
  root: string,
  { gate, service, looks }: { gate: Gate; service: Service; looks: number },
): { arrived: Promise<void>; child: ReturnType<typeof generate> } {
  let [posts, lists] = [0, 0]
  let release = () => {}
  const released = new Promise<void>((resolve) => (release = resolve))
  const arrived = new Promise<void>((resolve) => {
    gate.onRequest = async ({ method, path: url }) => {
      if (url.includes('sort_by') && ++lists > looks) release()
      if (method !== 'POST' || ++posts < 2) return
      resolve()
      await released
    }
  })
  return { arrived, child: generate(root, service) }
}

/** The journal of a submission whose answer can no longer come. */
async function endPatience(root: string): Promise<void> {
  const folder = path.join(root, '.meshy', 'journal')
  const [name = ''] = await readdir(folder)
  const file = path.join(folder, name)
  const record = JSON.parse(await readFile(file, 'utf8')) as { sent: { answerBy: string } }
  record.sent.answerBy = new Date(Date.now() - 1000).toISOString()
  await writeFile(file, JSON.stringify(record))
}
