import { readFile, writeFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import type { Mode } from '../../src/finding/modes.ts'
import { createHasher } from '../../src/request/fingerprint.ts'
import { drawPng } from '../glb/damaged.ts'
import { makePng } from '../glb/pictures.ts'
import { forgePicture } from '../support/forged-picture.ts'
import { failureOf, leaveOnItsWay, openRun } from '../support/run.ts'
import { startService } from '../support/service.ts'
import { useTempDir } from '../support/temp-dir.ts'

const { path } = useTempDir()
const LOCKFILE = 'meshy-lock.json'

async function setUp() {
  const service = await startService()
  const picture = Buffer.concat([await drawPng(), Buffer.alloc(400, 7)])
  await writeFile(path('hero.png'), picture)
  const run = (mode: Mode = 'generate', apiKey?: string) =>
    openRun({ root: path(), service, options: { mode, ...(apiKey === '' && { apiKey: undefined }) } })
  return { service, picture, run }
}

/** Puts another picture with the same key in the place of the one that was there. */
async function forge(picture: Buffer): Promise<void> {
  const forged = forgePicture(picture, makePng(4, 2))
  const hasher = await createHasher()
  expect([forged.length, hasher.bytes(forged)]).toEqual([picture.length, hasher.bytes(picture)])
  await writeFile(path('hero.png'), forged)
}

async function rewriteLockfile(change: (text: string) => string): Promise<string> {
  const text = change(await readFile(path(LOCKFILE), 'utf8'))
  await writeFile(path(LOCKFILE), text)
  return text
}

const withoutPictures = (text: string) =>
  text.replace(/,\s*"sha256": "[0-9a-f]{64}"(?=\s*\}\s*\],\s*"textureImages")/, '')

describe('a picture that was made to have the key of another one', () => {
  it.each(['frozen', 'generate', 'ask', 'preview', 'plan'] as const)(
    'is refused by name in `%s`',
    async (mode) => {
      const { service, picture, run } = await setUp()
      const { metadata } = await (await run()).load('hero.png?meshy')
      await forge(picture)

      const failure = await failureOf((await run(mode)).load('hero.png?meshy'))

      expect(failure).toMatchObject({ code: 'MESHY_IMAGE_MISMATCH', details: { key: metadata.key } })
      expect(failure.message).toContain('hero.png')
      expect(service.counts.posts).toBe(1)
    },
  )

  it('does not get the model that is on its way', async () => {
    const { service, picture, run } = await setUp()
    await leaveOnItsWay(path(), service, 'hero.png?meshy')
    await forge(picture)

    expect(await failureOf((await run()).load('hero.png?meshy'))).toMatchObject({
      code: 'MESHY_IMAGE_MISMATCH',
    })
  })
})

describe('an entry of an earlier release, without the SHA-256 of its pictures', () => {
  it('gains it in a build, without a key', async () => {
    const { service, run } = await setUp()
    await (await run()).load('hero.png?meshy')
    const whole = await readFile(path(LOCKFILE), 'utf8')
    expect(await rewriteLockfile(withoutPictures)).not.toBe(whole)
    const { total } = service.counts

    await (await run('generate', '')).load('hero.png?meshy')

    expect(await readFile(path(LOCKFILE), 'utf8')).toBe(whole)
    expect(service.counts.total).toBe(total)
  })

  it.each(['frozen', 'preview'] as const)('stays as it is in `%s`', async (mode) => {
    const { run } = await setUp()
    await (await run()).load('hero.png?meshy')
    const before = await rewriteLockfile(withoutPictures)

    const asset = await (await run(mode)).load('hero.png?meshy')

    expect(asset.metadata.state).toBe('ready')
    expect(await readFile(path(LOCKFILE), 'utf8')).toBe(before)
  })
})
