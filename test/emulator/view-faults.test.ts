import { describe, expect, it } from 'vitest'
import type { Client } from '../../src/service/client.ts'
import { startService } from '../support/service.ts'
import { makePng } from '../glb/pictures.ts'
import { clientOf } from '../service/client-of.ts'
import type { FaultRule } from '../../src/emulator.ts'
import type { Task } from '../../src/service/task.ts'

const KIND = 'image-to-3d'
const NAME = '[0123456789abcdef] hero'
const image_url = `data:image/png;base64,${Buffer.from(makePng(4, 2)).toString('base64')}`

describe('an emulator that tells tasks wrongly', () => {
  /** A client, and a task that it has submitted. */
  async function setUp(fault: FaultRule): Promise<{ client: Client; id: string; balance: () => number }> {
    const emulator = await startService({ faults: [fault] })
    const client = clientOf(emulator.url, { apiKey: emulator.apiKey })
    const { id } = await client.create(KIND, { image_url, name: NAME })
    return { client, id, balance: () => emulator.balance }
  }

  const nameless = { name: undefined }
  it.each<[string, FaultRule, object[]]>([
    ['no names', { kind: 'noNames' }, [nameless]],
    ['names cut short', { kind: 'cutNames', characters: 5 }, [{ name: NAME.slice(0, 5) }]],
    ['names of others alone', { kind: 'foreignNames', name: 'A chair' }, [{ name: 'A chair' }, nameless]],
    ['no dates', { kind: 'noDates' }, [{ createdAt: undefined, name: NAME }]],
    ['nothing, as after the retention', { kind: 'expired' }, []],
  ])('lists %s', async (_, fault, tasks) => {
    const { client } = await setUp(fault)

    const listed: Task[] = []
    for await (const task of client.listAll(KIND)) listed.push(task)

    expect(listed).toMatchObject(tasks)
    expect(listed).toHaveLength(tasks.length)
  })

  it('knows no task whose retention is over', async () => {
    const { client, id } = await setUp({ kind: 'expired' })

    await expect(client.retrieve(KIND, id)).rejects.toMatchObject({ code: 'MESHY_API_NOT_FOUND' })
    await expect(client.remove(KIND, id)).rejects.toMatchObject({ code: 'MESHY_API_NOT_FOUND' })
  })

  it('tells fields as it is told to', async () => {
    const fields = { progress: (value: unknown) => Number(value) + 7, name: 7, preceding_tasks: undefined }
    const { client, id } = await setUp({ kind: 'oddFields', fields })

    const task = await client.retrieve(KIND, id)

    expect(task).toMatchObject({ name: undefined, precedingTasks: undefined })
    expect(task.progress).toBeGreaterThanOrEqual(7)
  })

  it('charges for a failed task, and says so', async () => {
    const { client, id, balance } = await setUp({ kind: 'failTask', message: 'It went wrong', charged: true })

    await expect.poll(async () => (await client.retrieve(KIND, id)).status).toBe('FAILED')

    expect(await client.retrieve(KIND, id)).toMatchObject({ consumedCredits: 30 })
    expect(balance()).toBe(100_000 - 30)
  })
})
