import { createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { pathToFileURL } from 'node:url'
import { describe, expect, it } from 'vitest'
import { createFileDigester } from '../../src/store/digest.ts'
import { useTempDir } from '../support/temp-dir.ts'

describe('createFileDigester', () => {
  const { path } = useTempDir()

  async function writeFiles(count: number): Promise<{ file: string; sha256: string }[]> {
    return Promise.all(
      Array.from({ length: count }, async (_, i) => {
        const bytes = Buffer.alloc(1_500_000, `${i} of many`)
        const file = path(`${i}.glb`)
        await writeFile(file, bytes)
        return { file, sha256: createHash('sha256').update(bytes).digest('hex') }
      }),
    )
  }

  it.each([
    ['in this thread', 100],
    ['in others', 0],
    ['in both', 3],
  ])('gives the SHA-256, length and head of each file %s', async (_, many) => {
    const files = await writeFiles(8)
    const digest = createFileDigester({ many })

    const found = await Promise.all(files.map(({ file }) => digest(file)))

    expect(found.map((one) => one?.sha256)).toEqual(files.map(({ sha256 }) => sha256))
    expect(found[7]?.bytes).toBe(1_500_000)
    expect(Buffer.from(found[7]?.head ?? []).toString()).toMatch(/^7 of many7 of many/)
  })

  it.each([0, 10])(
    'tells a missing file from one that cannot be read when %d are digested here',
    async (many) => {
      const digest = createFileDigester({ many })
      await mkdir(path('folder'))

      expect(await digest(path('missing'))).toBeUndefined()
      await expect(digest(path('folder'))).rejects.toMatchObject({ code: 'MESHY_CACHE_UNREADABLE' })
    },
  )

  it.each([
    ['dies', 'process.exit(1)'],
    ['throws', 'throw new Error()'],
  ])('does without a thread that %s', async (_, code) => {
    const files = await writeFiles(3)
    await writeFile(path('broken.mjs'), code)
    const digest = createFileDigester({
      many: 0,
      script: { url: pathToFileURL(path('broken.mjs')), execArgv: [] },
    })

    const found = await Promise.all(files.map(({ file }) => digest(file)))

    expect(found.map((one) => one?.sha256)).toEqual(files.map(({ sha256 }) => sha256))
  })
})
