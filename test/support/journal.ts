import { readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'

/** Makes what a project has on its way look as if it had begun so many hours earlier. */
export async function ageJournal(root: string, hours: number): Promise<void> {
  const folder = path.join(root, '.meshy', 'journal')
  for (const name of await readdir(folder)) {
    const file = path.join(folder, name)
    const record = JSON.parse(await readFile(file, 'utf8')) as { startedAt: string }
    const startedAt = new Date(Date.parse(record.startedAt) - hours * 3_600_000).toISOString()
    await writeFile(file, JSON.stringify({ ...record, startedAt }))
  }
}
