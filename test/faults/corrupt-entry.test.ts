import { readdir, readFile, writeFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { pinOwnBytes } from '../../src/run/commands/pin.ts'
import { readSubject } from '../../src/run/commands/subject.ts'
import type { Request } from '../../src/request/request.ts'
import { failureOf, openRun, writePictures } from '../support/run.ts'
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
