import { stat, writeFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { ensureFolder } from '../../src/system/durable.ts'
import { useTempDir } from '../support/temp-dir.ts'

describe('ensureFolder', () => {
  const { path } = useTempDir()

  it('makes what is missing, and nothing when all is there', async () => {
    await ensureFolder(path('a', 'b', 'c'))
    await ensureFolder(path('a', 'b', 'c'))

    expect((await stat(path('a', 'b', 'c'))).isDirectory()).toBe(true)
  })

  it('makes a folder once when many ask for it', async () => {
    await Promise.all(Array.from({ length: 10 }, () => ensureFolder(path('a', 'b', 'c'))))

    expect((await stat(path('a', 'b', 'c'))).isDirectory()).toBe(true)
  })

  it('fails when a file is above', async () => {
    await writeFile(path('file'), '')

    await expect(ensureFolder(path('file', 'a', 'b'))).rejects.toMatchObject({ code: 'ENOTDIR' })
  })

  it.skipIf(process.platform !== 'linux')(
    'fails, and comes back, where nobody can make folders',
    async () => {
      await expect(ensureFolder('/proc/no-such-place/a/b')).rejects.toMatchObject({ code: 'ENOENT' })
    },
  )
})
