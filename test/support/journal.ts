import { readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { RunningEmulator } from '../../src/emulator.ts'
import type { Context } from '../../src/run/context.ts'
import { forgetModel } from '../../src/cli/forget.ts'

/** Makes what a project has on its way look as if it had begun so many hours earlier. */
export async function ageJournal(root: string, hours: number): Promise<void> {
  const folder = path.join(root, '.meshy', 'journal')
  for (const name of await readdir(folder)) {
    const file = path.join(folder, name)
    const text = await readFile(file, 'utf8')
    const age = (time: string) => new Date(Date.parse(time) - hours * 3_600_000).toISOString()
    await writeFile(file, text.replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, age))
  }
}

/** What `unplugin-meshy forget` does with the only record of the journal. */
export async function forgetRecord(context: Context): Promise<void> {
  const { journal } = context.ports.store
  const [key = ''] = await journal.keys()
  const record = await journal.read(key)
  if (record?.state !== 'failed') throw new Error(`The record is ${record?.state}`)
  const { image: imageName, request: canonical, params } = record
  await forgetModel(context, { key, imageName, canonical, params })
}

/** As the service does when the retention is over. */
export async function removeTasks(emulator: RunningEmulator): Promise<void> {
  for (const { id, type } of emulator.tasks()) {
    await emulator.fetch(`${emulator.url}/openapi/v1/${type}/${id}`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${emulator.apiKey}` },
    })
  }
}

/** The file of the only record. */
async function recordFile(root: string): Promise<string> {
  const folder = path.join(root, '.meshy', 'journal')
  const [name = ''] = await readdir(folder)
  return path.join(folder, name)
}

/** Changes fields of the only record of the journal. */
export async function changeRecord(root: string, change: object): Promise<void> {
  const file = await recordFile(root)
  const record = JSON.parse(await readFile(file, 'utf8')) as object
  await writeFile(file, JSON.stringify({ ...record, ...change }))
}

/** Leaves the only record as a crash of the disk does. */
export async function spoilRecord(root: string): Promise<void> {
  await writeFile(await recordFile(root), '{"version":')
}
