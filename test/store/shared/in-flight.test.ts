import { mkdir, rm, writeFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { forgetModel } from '../../../src/cli/forget.ts'
import { deleteTask } from '../../../src/cli/delete-task.ts'
import { recordOf } from '../../../src/generate/record.ts'
import type { Options } from '../../../src/run/option-types.ts'
import { accountDigest } from '../../../src/store/journal.ts'
import type { OnItsWay } from '../../../src/store/shared/on-its-way.ts'
import { makePng } from '../../glb/pictures.ts'
import {
  failureOf,
  leaveOnItsWay,
  loadRequest,
  openRun,
  type Service,
  type TestRun,
} from '../../support/run.ts'
import { startService } from '../../support/service.ts'
import { useTempDir } from '../../support/temp-dir.ts'
import { fastClock } from '../../system/fast-clock.ts'

const temp = useTempDir()
const SPECIFIER = 'hero.png?meshy'
/** A service that gives nothing away about what was sent. */
const NAMELESS = { faults: [{ kind: 'noNames' } as const] }

async function open(name: string, service: Service, options: Options = {}): Promise<TestRun> {
  const root = temp.path(name)
  await mkdir(root, { recursive: true })
  await writeFile(`${root}/package.json`, '{}')
  await writeFile(`${root}/hero.png`, makePng(4, 2))
  const shared = { emulated: false, machineStore: temp.path('machine') }
  return openRun({ root, service, options: { ...shared, ...options }, clock: fastClock(50) })
}

/** Leaves a submission whose answer was lost, and that nobody sees at the service. */
async function send(run: TestRun): Promise<OnItsWay & { key: string }> {
  const ports = await run.context.paying()
  const request = await loadRequest(run.context, run.root, SPECIFIER)
  const at = new Date(ports.clock.serviceNow()).toISOString()
  const { journal } = ports.store
  const { host, account } = await journal.start({ ...recordOf(ports, request), startedAt: at })
  const sent = { sentAt: at, answerBy: at, named: false }
  await journal.send(request.key, sent)
  await journal.lose(request.key)
  return { key: request.key, host, account, startedAt: at, sent, lost: true }
}

async function forget(run: TestRun): Promise<void> {
  const { key, imageName, canonical } = await loadRequest(run.context, run.root, SPECIFIER)
  await forgetModel(run.context, { key, imageName, canonical, params: canonical.params })
}

const toldOf = ({ context }: TestRun, { account, key }: { account: string; key: string }) =>
  context.ports.store.shared.machine?.onItsWay({ account, key })

describe('`forget` in a project', () => {
  it('ends what the project itself has sent, and then the next build pays', async () => {
    const service = await startService(NAMELESS)
    const mine = await open('mine', service)
    const sent = await send(mine)
    expect(await toldOf(mine, sent)).toBeDefined()

    await forget(mine)

    expect(await toldOf(mine, sent)).toBeUndefined()
    expect((await (await open('mine', service)).load(SPECIFIER)).metadata.state).toBe('ready')
    expect(service.counts.posts).toBe(1)
  })

  it('ends it without the API key, too', async () => {
    const service = await startService(NAMELESS)
    const mine = await open('mine', service)
    const sent = await send(mine)

    await forget(await open('mine', service, { apiKey: undefined }))

    expect(await toldOf(mine, sent)).toBeUndefined()
  })

  it('leaves what a living process of another project has sent, even if it is ours by origin', async () => {
    const service = await startService(NAMELESS)
    const [mine, theirs] = [await open('mine', service), await open('theirs', service)]
    const { key, ...sent } = await send(mine)
    const turn = { account: sent.account, key }
    const { signal } = new AbortController()

    await theirs.context.ports.store.shared.machine?.withLease(turn, () => forget(mine), { signal })

    expect(await toldOf(mine, turn)).toMatchObject(sent)
  })

  it('leaves what another project has lost the answer to, which is not paid for a second time', async () => {
    const service = await startService(NAMELESS)
    const mine = await open('mine', service)
    await mine.load(SPECIFIER)
    const sent = await send(await open('theirs', service))

    await forget(mine)

    expect(await toldOf(mine, sent)).toMatchObject({ startedAt: sent.startedAt })
    // Otherwise the third project would take the first model from there.
    await rm(temp.path('machine/blobs'), { recursive: true })
    const third = await open('third', service)
    expect((await failureOf(third.load(SPECIFIER))).code).toBe('MESHY_SUBMIT_UNKNOWN')
    expect(service.counts.posts).toBe(1)
  })
})

describe('a build that ends an old record of its own', () => {
  it('leaves what another project has sent since', async () => {
    const service = await startService(NAMELESS)
    const mine = await open('mine', service)
    await mine.load(SPECIFIER)
    const ports = await mine.context.paying()
    await ports.store.journal.start(recordOf(ports, await loadRequest(mine.context, mine.root, SPECIFIER)))
    const { key, ...sent } = await send(await open('theirs', service))

    const again = await open('mine', service)
    await again.load(SPECIFIER)

    expect(await again.context.ports.store.journal.keys()).toEqual([])
    expect(await toldOf(again, { account: sent.account, key })).toMatchObject(sent)
  })
})

describe('a project', () => {
  it('pays for nothing that another one has on its way, however long the ID of its task is', async () => {
    const service = await startService(NAMELESS)
    const theirs = await open('theirs', service)
    const { key, ...sent } = await send(theirs)
    const { machine } = theirs.context.ports.store.shared
    await machine?.tell({ account: sent.account, key }, { ...sent, taskId: 'task'.repeat(200) })

    const failure = await failureOf((await open('mine', service)).load(SPECIFIER))

    expect(failure.code).toBe('MESHY_TASK_EXPIRED')
    expect(service.counts.posts).toBe(0)
  })
})

describe('`tasks delete`', () => {
  it.each([
    ['echoes names', {}],
    ['echoes none', NAMELESS],
  ])(
    'leaves the task of another project until its model is stored, where the service %s',
    async (_, faults) => {
      const service = await startService(faults)
      const mine = await open('mine', service)
      const theirs = await open('theirs', service)
      const { emulated, machineStore } = theirs.context.ports.options
      await leaveOnItsWay(theirs.root, service, SPECIFIER, { emulated, machineStore })
      const [{ id }] = service.tasks() as [{ id: string }]

      expect(await failureOf(deleteTask(mine.context, id, { force: false }))).toMatchObject({
        code: 'MESHY_COMMAND_REFUSED',
      })
      await (await open('theirs', service)).load(SPECIFIER)
      await deleteTask(mine.context, id, { force: false })

      expect(service.tasks()).toEqual([])
    },
  )

  it.each([
    ['echoes names', {}],
    ['echoes none', NAMELESS],
  ])('leaves the task of another project whose answer was lost, where the service %s', async (_, faults) => {
    const service = await startService(faults)
    const mine = await open('mine', service)
    const theirs = await open('theirs', service)
    const { emulated, machineStore } = theirs.context.ports.options
    await leaveOnItsWay(theirs.root, service, SPECIFIER, { emulated, machineStore })
    const { machine } = mine.context.ports.store.shared
    const { key } = await loadRequest(mine.context, mine.root, SPECIFIER)
    const turn = { account: accountDigest(service.apiKey), key }
    const told = await machine?.onItsWay(turn)
    if (!told) throw new Error('Expected something to be on its way')
    const { host, account, startedAt } = told
    const sent = { sentAt: startedAt, answerBy: startedAt, named: true }
    await machine?.tell(turn, { host, account, startedAt, sent, lost: true })

    const refusal = await failureOf(
      deleteTask(mine.context, String(service.tasks()[0]?.['id']), { force: false }),
    )

    expect(refusal.code).toBe('MESHY_COMMAND_REFUSED')
  })
})
