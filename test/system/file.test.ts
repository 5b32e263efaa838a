import { open, stat } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { syncFile, touchFile } from '../../src/system/file.ts'
import { useTempDir } from '../support/temp-dir.ts'

describe('a handle with nothing but its descriptor, as Plug’n’Play gives it', () => {
  const { path } = useTempDir()

  it('is synced and touched', async () => {
    const handle = await open(path('file'), 'w')
    const { fd } = handle

    await syncFile({ fd })
    await touchFile({ fd }, new Date(1_000_000))
    await handle.close()

    expect((await stat(path('file'))).mtimeMs).toBe(1_000_000)
  })
})
