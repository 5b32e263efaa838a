import { execFileSync, spawnSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import type { Entry } from '../../src/store/entry.ts'
import {
  emptyLockfile,
  formatLockfile,
  modelOf,
  type LockfileDocument,
} from '../../src/store/lockfile-document.ts'
import { mergeLockfiles, readConflict, splitConflict } from '../../src/store/lockfile-merge.ts'
import { useTempDir } from '../support/temp-dir.ts'
import { keyOf, refTo, sampleEntry } from './samples.ts'

const [one, two, three] = [sampleEntry(1), sampleEntry(2), sampleEntry(3)]
const other = sampleEntry(1, { files: { glb: refTo('another model of the same request') } })

const lock = (...entries: Entry[]): LockfileDocument => ({
  ...emptyLockfile(),
  models: Object.fromEntries(entries.map((entry) => [entry.key, modelOf(entry)])),
})
const PARSING = { file: 'meshy-lock.json', fingerprint: keyOf }

describe('mergeLockfiles', () => {
  it.each<[string, LockfileDocument | undefined, LockfileDocument, LockfileDocument, LockfileDocument]>([
    ['unites what both sides added', lock(one), lock(one, two), lock(one, three), lock(one, two, three)],
    [
      'unites both sides when there is no base',
      undefined,
      lock(one, two),
      lock(three),
      lock(one, two, three),
    ],
    ['takes what both sides have alike', undefined, lock(one), lock(one), lock(one)],
    ['removes what ours removed', lock(one, two), lock(two), lock(one, two), lock(two)],
    ['removes what theirs removed', lock(one, two), lock(one, two), lock(two), lock(two)],
    ['takes what ours changed', lock(one), lock(other), lock(one), lock(other)],
    ['takes what theirs changed', lock(one), lock(one), lock(other), lock(other)],
    ['keeps what one side removed and the other changed', lock(one), lock(), lock(other), lock(other)],
  ])('%s', (_, base, ours, theirs, merged) => {
    expect(mergeLockfiles({ base, ours, theirs })).toEqual({ merged, choices: [] })
  })

  it('unites the files of a model when both sides know the same GLB', () => {
    const withObj = { ...one, files: { ...one.files, obj: refTo('obj', 'obj') } }
    const withFbx = { ...one, files: { ...one.files, fbx: refTo('fbx', 'fbx') } }

    const { merged, choices } = mergeLockfiles({
      base: lock(one),
      ours: lock(withObj),
      theirs: lock(withFbx),
    })

    expect(choices).toEqual([])
    expect(merged).toEqual(lock({ ...one, files: { ...withObj.files, ...withFbx.files } }))
  })

  it('asks for a choice when both sides pin one key to different bytes', () => {
    const { merged, choices } = mergeLockfiles({
      base: undefined,
      ours: lock(one, two),
      theirs: lock(other, three),
    })

    expect(merged).toEqual(lock(two, three))
    expect(choices).toEqual([{ key: one.key, ours: modelOf(one), theirs: modelOf(other) }])
  })

  it.each([
    ['ours', one],
    ['theirs', other],
  ] as const)('takes %s when that is the choice', (side, chosen) => {
    const sides = { base: undefined, ours: lock(one), theirs: lock(other) }

    expect(mergeLockfiles(sides, () => side)).toEqual({ merged: lock(chosen), choices: [] })
  })

  it('keeps what a later minor version wrote on either side', () => {
    const { merged } = mergeLockfiles({
      base: undefined,
      ours: { ...lock(one), fromOurs: 1 },
      theirs: { ...lock(two), fromTheirs: 2 },
    })

    expect(merged).toEqual({ ...lock(one, two), fromOurs: 1, fromTheirs: 2 })
  })
})

describe('readConflict', () => {
  const { path } = useTempDir()

  it.each([
    ['merge', false],
    ['diff3', true],
    ['zdiff3', false],
  ])('takes apart what git leaves in the style %s', async (style, hasBase) => {
    const entries = Array.from({ length: 12 }, (_, index) => sampleEntry(index + 1))
    const base = lock(...entries.slice(3, 7))
    const ours = lock(...entries.slice(0, 7), sampleEntry(4, { files: { glb: refTo('ours') } }))
    const theirs = lock(...entries.slice(3, 12), sampleEntry(4, { files: { glb: refTo('theirs') } }))

    const conflict = await mergeWithGit(style, [base, ours, theirs])
    const sides = readConflict(conflict, PARSING)
    const { merged, choices } = mergeLockfiles(sides)

    expect(conflict.match(/^<{7}/gm)?.length).toBeGreaterThan(1)
    expect(sides.base !== undefined).toBe(hasBase)
    expect(choices.map(({ key }) => key)).toEqual([sampleEntry(4).key])
    const known = entries.map(({ key }) => key).filter((key) => key !== sampleEntry(4).key)
    expect(Object.keys(merged.models).sort()).toEqual(known.sort())
  })

  it('refuses a side that is no lockfile', () => {
    const text = `<<<<<<< ours\n${formatLockfile(lock(one))}=======\n{}\n>>>>>>> theirs\n`

    expect(() => readConflict(text, PARSING)).toThrow(
      expect.objectContaining({ code: 'MESHY_LOCKFILE_INVALID' }),
    )
  })

  async function mergeWithGit(style: string, versions: LockfileDocument[]): Promise<string> {
    const git = (...args: string[]) => execFileSync('git', args, { cwd: path() })
    git('init', '-q')
    const [base = '', ours = '', theirs = ''] = ['base', 'ours', 'theirs'].map((name) => path(name))
    for (const [index, file] of [base, ours, theirs].entries()) {
      await writeFile(file, formatLockfile(versions[index] ?? emptyLockfile()))
    }
    const option = style === 'merge' ? [] : [`--${style}`]
    spawnSync('git', ['merge-file', ...option, ours, base, theirs], { cwd: path() })
    return await readFile(ours, 'utf8')
  }
})

describe('splitConflict', () => {
  it('keeps line ends as they are', () => {
    const text = 'a\r\n<<<<<<< ours\r\nb\r\n=======\r\nc\r\n>>>>>>> theirs\r\nd'

    expect(splitConflict(text)).toEqual({ base: undefined, ours: 'a\r\nb\r\nd', theirs: 'a\r\nc\r\nd' })
  })

  it('is the same on all sides when there is no conflict', () => {
    expect(splitConflict('{}\n')).toEqual({ base: undefined, ours: '{}\n', theirs: '{}\n' })
  })

  it.each([
    '<<<<<<< ours\na\n',
    '<<<<<<< ours\na\n=======\nb\n',
    '=======\nb\n>>>>>>> theirs\n',
    '<<<<<<< ours\na\n>>>>>>> theirs\n',
    '<<<<<<< ours\n<<<<<<< ours\na\n=======\nb\n>>>>>>> theirs\n',
  ])('refuses markers that do not pair: %j', (text) => {
    expect(() => splitConflict(text)).toThrow(expect.objectContaining({ code: 'MESHY_LOCKFILE_CONFLICT' }))
  })
})
