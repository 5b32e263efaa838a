import { readdir, readFile, writeFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { pinOwnBytes } from '../../src/cli/pin.ts'
import { forgetNamed } from '../../src/cli/forget.ts'
import { readStatus } from '../../src/cli/model-status.ts'
import { deleteTask } from '../../src/cli/delete-task.ts'
import { readSubject } from '../../src/cli/subject.ts'
import type { Request } from '../../src/request/request.ts'
import { failureOf, leaveOnItsWay, openRun, writePictures } from '../support/run.ts'
import { spoilRecord } from '../support/journal.ts'
import { startService } from '../support/service.ts'
import { useTempDir } from '../support/temp-dir.ts'

const SPECIFIER = 'hero.png?meshy'
const { path: dir } = useTempDir()

it('leads nobody to pay again where a record is damaged and nothing is pinned', async () => {
  await writePictures(dir(), 'hero.png')
  const service = await startService()
  const run = () => openRun({ root: dir(), service, options: { lockfile: false } })
  await (await run()).load(SPECIFIER)
  const [record = ''] = await readdir(dir('.meshy', 'entries'))
  await writeFile(dir('.meshy', 'entries', record), '{')

  const failure = await failureOf((await run()).load(SPECIFIER))
  expect(failure).toMatchObject({ code: 'MESHY_CACHE_CORRUPT', hint: expect.stringContaining('pin') })

  const { context } = await run()
  const subject = await readSubject(context, `./${SPECIFIER}`, dir())
  const [model = ''] = (await context.ports.store.blobs.list()).map((ref) =>
    context.ports.store.blobs.path(ref),
  )
  await pinOwnBytes(context, subject as unknown as Request, model)
  const after = await (await run()).load(SPECIFIER)

  expect(await readFile(after.files[0]?.path ?? '')).toEqual(await readFile(model))
  expect(service.counts.posts).toBe(1)
})

it('a record of a later release stops no model that is stored, and is listed', async () => {
  await writePictures(dir(), 'hero.png')
  const service = await startService()
  const run = () => openRun({ root: dir(), service })
  await leaveOnItsWay(dir(), service, SPECIFIER)
  const [name = ''] = await readdir(dir('.meshy', 'journal'))
  const record = await readFile(dir('.meshy', 'journal', name), 'utf8')
  await (await run()).load(SPECIFIER)
  await writeFile(dir('.meshy', 'journal', name), record.replace(/"version": ?1/, '"version": 2'))

  const { load, told, context } = await run()
  const { metadata } = await load(SPECIFIER)
  const { models } = await readStatus(context)

  expect(metadata.state).toBe('ready')
  expect(told.join('\n')).toContain('has version `2`')
  expect(models).toMatchObject([{ state: 'unreadable record' }, { image: 'hero.png', state: 'ready' }])
  expect(await failureOf(forgetNamed(context, metadata.key, dir()))).toMatchObject({
    code: 'MESHY_CACHE_VERSION',
  })
})

it('keeps a task that may be the one of a record that cannot be read', async () => {
  await writePictures(dir(), 'hero.png')
  const service = await startService()
  await leaveOnItsWay(dir(), service, SPECIFIER)
  await spoilRecord(dir())
  const { context } = await openRun({ root: dir(), service })
  const id = String(service.tasks()[0]?.id)

  const refused = await failureOf(deleteTask(context, id, { force: false }))
  const kept = service.tasks().length
  await deleteTask(context, id, { force: true })

  expect(refused).toMatchObject({ code: 'MESHY_JOURNAL_INVALID' })
  expect([kept, service.tasks().length]).toEqual([1, 0])
})
