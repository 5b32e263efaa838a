import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { compareModels } from '../../src/cli/diff.ts'
import { findPrunable } from '../../src/cli/prune.ts'
import { readStatus } from '../../src/cli/model-status.ts'
import { reliedOn, verifyFiles } from '../../src/cli/verify.ts'
import { blobsOf, type DerivedFile, type Entry } from '../../src/store/entry.ts'
import { createLockfile } from '../../src/store/lockfile.ts'
import { parseLockfile } from '../../src/store/lockfile-document.ts'
import { mergeLockfiles } from '../../src/store/lockfile-merge.ts'
import { keyOf, refTo, sampleEntry } from '../store/samples.ts'
import { openRun } from '../support/run.ts'
import { startService } from '../support/service.ts'
import { useTempDir } from '../support/temp-dir.ts'
import { writeGrainyPicture } from './pictures.ts'

const { path: dir } = useTempDir()

describe('what was derived', () => {
  it('is no leftover for `prune`, counts in `status`, and is checked by `verify`', async () => {
    await writeGrainyPicture(dir())
    const service = await startService()
    const { load, context } = await openRun({ root: dir(), service })
    const { metadata } = await load('hero.png?meshy&texture-size=128')

    const { models, blobs, folders } = await findPrunable(context, new Set([metadata.key]))
    const status = await readStatus(context)
    const files = await verifyFiles(context, await reliedOn(context))

    expect({ models, blobs, folders }).toEqual({ models: [], blobs: [], folders: [] })
    expect(status.models[0]?.bytes).toBe(metadata.bytes + (metadata.derived?.from.bytes ?? 0))
    expect(status.blobs.unusedBytes).toBe(0)
    expect(files.map(({ role, status }) => [role, status])).toEqual([
      ['glb', 'ok'],
      ['derived: texture-size=128', 'ok'],
    ])
  })
})

describe('a lockfile', () => {
  const derivedOf = (text: string): DerivedFile => ({
    ...refTo(text),
    steps: ['optimize@3'],
    facts: sampleEntry().facts,
  })
  const derivedBy = (derived: Record<string, DerivedFile>) => sampleEntry(1, { derived })
  const [a, b] = ['a'.repeat(16), 'b'.repeat(16)]
  const open = () => createLockfile({ file: dir('meshy-lock.json'), fingerprint: keyOf, lease: dir('lease') })

  it('unites what was derived, sorted, and keeps the bytes that are pinned', async () => {
    const lockfile = open()
    await lockfile.put(derivedBy({ [b]: derivedOf('first') }))
    const pinned = await lockfile.put(derivedBy({ [b]: derivedOf('second'), [a]: derivedOf('third') }))

    expect(pinned.derived).toEqual({ [a]: derivedOf('third'), [b]: derivedOf('first') })
    const text = await readFile(dir('meshy-lock.json'), 'utf8')
    expect(text.indexOf(a)).toBeLessThan(text.indexOf(b))
  })

  it('differs from one that has something else derived, which cost nothing', () => {
    const before = derivedBy({ [a]: derivedOf('first') })
    const after = derivedBy({ [a]: derivedOf('second') })
    const compare = (entry: Entry) => compareModels(new Map([['', before]]), new Map([['', entry]]))

    expect(compare(after)).toMatchObject([{ change: 'changed', credits: 0 }])
    expect(compare(before)).toEqual([])
  })

  it('forgets what was derived from other bytes of the model', async () => {
    const lockfile = open()
    await lockfile.put(derivedBy({ [a]: derivedOf('first') }))

    const pinned = await lockfile.put(sampleEntry(1, { files: { glb: refTo('retouched') } }), {
      replace: true,
    })

    expect(pinned.derived).toBeUndefined()
  })

  it('needs no choice in a merge when two branches derived the same to other bytes', async () => {
    const sideOf = async (text: string) => {
      const lockfile = createLockfile({ file: dir(text), fingerprint: keyOf, lease: dir('lease') })
      await lockfile.put(derivedBy({ [a]: derivedOf(text) }))
      return parseLockfile(await readFile(dir(text), 'utf8'), { file: text, fingerprint: keyOf })
    }
    const { merged, choices } = mergeLockfiles({
      base: undefined,
      ours: await sideOf('ours'),
      theirs: await sideOf('theirs'),
    })

    expect(choices).toEqual([])
    expect(Object.values(merged.models)[0]?.derived).toEqual({ [a]: derivedOf('ours') })
  })
})

describe('blobsOf', () => {
  it('names each file once, also where the model itself was kept', () => {
    const entry = sampleEntry()
    const kept = { ...entry.files.glb, steps: ['optimize@3'], facts: entry.facts }

    expect(blobsOf({ ...entry, derived: { ['a'.repeat(16)]: kept } }).map(({ sha256 }) => sha256)).toEqual([
      entry.files.glb.sha256,
    ])
  })
})
