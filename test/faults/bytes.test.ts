import { chmod, readFile, rm, writeFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import type { Mode } from '../../src/finding/modes.ts'
import { removeTasks } from '../support/journal.ts'
import { failureOf, openRun, writePictures } from '../support/run.ts'
import { startService } from '../support/service.ts'
import { useTempDir } from '../support/temp-dir.ts'

const SPECIFIER = 'hero.png?meshy'

describe('one flipped bit', () => {
  const { path } = useTempDir()

  /** A project with one stored model, its bytes, and the two files that hold them. */
  async function setUp() {
    await writePictures(path(), 'hero.png')
    const emulator = await startService()
    const { load, context } = await openRun({ root: path(), service: emulator })
    const asset = await load(SPECIFIER)
    const entry = await context.ports.store.entries.read(asset.metadata.key)
    if (!entry) throw new Error('The model was not stored')
    const out = asset.files[0]?.path ?? ''
    const blob = context.ports.store.blobs.path(entry.files.glb)
    const run = (mode: Mode = 'generate') => openRun({ root: path(), service: emulator, options: { mode } })
    return { emulator, out, blob, bytes: await readFile(blob), run }
  }

  async function flipBit(file: string): Promise<void> {
    const bytes = await readFile(file)
    const middle = bytes.length >> 1
    bytes[middle] = (bytes[middle] ?? 0) ^ 1
    await chmod(file, 0o644)
    await writeFile(file, bytes)
  }

  it('in the emitted file is undone from the blob, without the network', async () => {
    const { emulator, out, bytes, run } = await setUp()
    const { total } = emulator.counts
    await flipBit(out)

    const asset = await (await run()).load(SPECIFIER)

    expect(await readFile(asset.files[0]?.path ?? '')).toEqual(bytes)
    expect(emulator.counts.total).toBe(total)
  })

  it.each(['generate', 'ask', 'frozen'] as const)(
    'in the blob is undone from the task, unpaid, in mode `%s`',
    async (mode) => {
      const { emulator, out, blob, bytes, run } = await setUp()
      await rm(out)
      await flipBit(blob)

      const asset = await (await run(mode)).load(SPECIFIER)

      expect(asset.metadata.state).toBe('ready')
      expect(await readFile(asset.files[0]?.path ?? '')).toEqual(bytes)
      expect(await readFile(blob)).toEqual(bytes)
      expect(emulator.counts.posts).toBe(1)
    },
  )

  it.each(['generate', 'frozen'] as const)(
    'in the blob ends the build, unpaid, when the task is gone, in mode `%s`',
    async (mode) => {
      const { emulator, out, blob, run } = await setUp()
      await rm(out)
      await flipBit(blob)
      await removeTasks(emulator)

      const failure = await failureOf((await run(mode)).load(SPECIFIER))

      expect(failure).toMatchObject({ code: 'MESHY_MODEL_UNRESTORABLE' })
      expect(failure.hint).toMatch(/forget [0-9a-f]{16}/)
      expect(emulator.counts.posts).toBe(1)
    },
  )

  it('in the blob names the account that may still have the task, before anything that costs', async () => {
    const { emulator, out, blob, run } = await setUp()
    await rm(out)
    await flipBit(blob)
    emulator.fail({ kind: 'gone404', on: 'retrieve' })

    const { message, hint } = await failureOf((await run()).load(SPECIFIER))

    expect(message).toContain('another account')
    expect(hint).toMatch(/^Set MESHY_API_KEY to a key of the account.* Otherwise,.*forget/)
  })

  it('in the blob ends the build, unpaid, when the task has other bytes now', async () => {
    const { emulator, out, blob, run } = await setUp()
    await rm(out)
    await flipBit(blob)
    emulator.fail({ kind: 'wrongTypeAsset' })

    const failure = await failureOf((await run()).load(SPECIFIER))

    expect(failure).toMatchObject({ code: 'MESHY_MODEL_UNRESTORABLE' })
    expect(emulator.counts.posts).toBe(1)
  })

  it('in a stand-in mode shows a stand-in and asks nobody', async () => {
    const { emulator, out, blob, run } = await setUp()
    await rm(out)
    await flipBit(blob)
    const { total } = emulator.counts

    const asset = await (await run('preview')).load(SPECIFIER)

    expect(asset.metadata.state).toBe('preview')
    expect(emulator.counts.total).toBe(total)
  })
})
