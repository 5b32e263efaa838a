import { mkdir, readdir, readFile, readlink, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import type { BlobRef, Entry, StoredEntry } from '../../src/store/entry.ts'
import { createLockfile } from '../../src/store/lockfile.ts'
import { formatLockfile, parseLockfile } from '../../src/store/lockfile-document.ts'
import { spawnScript } from '../support/child.ts'
import { useTempDir } from '../support/temp-dir.ts'
import { keyOf, refTo, sampleEntry, sampleStoredEntry } from './samples.ts'

describe('createLockfile', () => {
  const { path } = useTempDir()
  const file = (): string => path('meshy-lock.json')
  const open = (fingerprint = keyOf) =>
    createLockfile({ file: file(), lease: path('.meshy', 'leases', 'lockfile'), fingerprint })
  const text = async (): Promise<string> => await readFile(file(), 'utf8')

  async function put(...entries: Entry[]): Promise<void> {
    for (const entry of entries) await open().put(entry)
  }

  it('is empty when there is no lockfile, and makes none', async () => {
    expect(await open().all()).toEqual(new Map())
    expect(await readdir(path())).toEqual([])
  })

  it('gives back what was put, by key', async () => {
    const entries = [1, 2, 3].map((number) => sampleEntry(number))

    await put(...entries)

    const expected = entries.sort((a, b) => (a.key < b.key ? -1 : 1)).map((entry) => [entry.key, entry])
    expect([...(await open().all())]).toEqual(expected)
  })

  it('holds the same bytes whatever the order of writing', async () => {
    await put(sampleEntry(1), sampleEntry(2), sampleEntry(3))
    const first = await text()
    await open().remove([1, 2, 3].map((number) => sampleEntry(number).key))
    await put(sampleEntry(3), sampleEntry(1), sampleEntry(2))

    expect(await text()).toBe(first)
    expect(first.endsWith('}\n')).toBe(true)
    expect(first).not.toContain('\r')
  })

  it('holds nothing of the machine or the run', async () => {
    const stored: StoredEntry = sampleStoredEntry()

    await put(stored)

    expect(await text()).not.toMatch(/provenance|storedAt|pluginVersion|2026-01-02T03:06/)
  })

  it('is not written with a block under the key of another request', async () => {
    await put(sampleEntry(1))
    const before = await text()

    const mistaken = { ...sampleEntry(2), key: sampleEntry(3).key }
    await expect(put(mistaken)).rejects.toMatchObject({ code: 'MESHY_LOCKFILE_INVALID' })

    expect(await text()).toBe(before)
  })

  it('is not written when nothing changed, also when somebody formatted it', async () => {
    await put(sampleEntry(1))
    await writeFile(file(), JSON.stringify(JSON.parse(await text())))
    await utimes(file(), 1, 1)
    const before = await stat(file())

    await put(sampleEntry(1))

    const after = await stat(file())
    expect([after.ino, after.mtimeMs]).toEqual([before.ino, before.mtimeMs])
  })

  it('keeps the name of the image that was first, so that two names do not take turns', async () => {
    await put(sampleEntry(1), sampleEntry(1, { image: 'copy.png' }))

    expect((await open().all()).get(sampleEntry(1).key)?.image).toBe('image-1.png')
  })

  it('gains the files that a model lacks, and keeps those that it has', async () => {
    const entry = sampleEntry(1)
    await put({ ...entry, files: { ...entry.files, obj: refTo('obj', 'obj') } })

    const pinned = await open().put({
      ...entry,
      files: { ...entry.files, obj: refTo('another', 'obj'), fbx: refTo('fbx', 'fbx') },
    })

    expect(pinned.files).toEqual({ ...entry.files, obj: refTo('obj', 'obj'), fbx: refTo('fbx', 'fbx') })
  })

  it('remembers which files a task did not make, until they are there', async () => {
    const entry = sampleEntry(1)
    await put({ ...entry, unavailable: ['fbx', 'obj'] }, { ...entry, unavailable: ['usdz', 'fbx'] })
    expect((await open().all()).get(entry.key)?.unavailable).toEqual(['fbx', 'obj', 'usdz'])
    const before = await text()
    await put({ ...entry, unavailable: ['obj'] })
    expect(await text()).toBe(before)

    const pinned = await open().put({ ...entry, files: { ...entry.files, obj: refTo('obj', 'obj') } })

    expect(pinned.unavailable).toEqual(['fbx', 'usdz'])
    expect(formatLockfile(parseLockfile(await text(), { file: file(), fingerprint: keyOf }))).toBe(
      await text(),
    )
  })

  it.each([
    ['tabs', '\t'],
    ['four spaces', '    '],
  ])('keeps the %s by which a formatter has indented it', async (_, indent) => {
    const [first, second] = [sampleEntry(1), sampleEntry(2)]
    await put(first)
    const formatted = (await text()).replaceAll(/^ +/gm, (spaces) => indent.repeat(spaces.length / 2))
    await writeFile(file(), formatted)

    await put(first)
    const untouched = await text()
    await put(second)
    const grown = await text()
    await open().remove([second.key])

    expect(untouched).toBe(formatted)
    expect(grown).toMatch(new RegExp(`^\\{\n${indent}"version"[^]*\n(?:${indent}){2}"${second.key}"`))
    expect(await text()).toBe(formatted)
  })

  it.each([
    ['tabs', '{\n\t"name": "shop"\n}\n', '\t'],
    ['four spaces', '{\n    "name": "shop"\n}\n', '    '],
    ['nothing', '{}', '  '],
  ])('begins with the style of a manifest that is indented by %s', async (_, manifest, indent) => {
    await writeFile(path('package.json'), manifest)

    await put(sampleEntry(1))

    expect((await text()).split('\n')[1]).toBe(`${indent}"version": 1,`)
  })

  it('holds a task whose time the service did not tell', async () => {
    const entry = sampleEntry(1, { task: { id: 'task-1', credits: 30 } })

    await put(entry)

    expect((await open().all()).get(entry.key)).toEqual(entry)
  })

  it('keeps the model that is pinned, and returns it, when another one is put', async () => {
    const pinned = sampleEntry(1)
    await put(pinned)

    expect(await open().put(sampleEntry(1, { files: { glb: refTo('other') } }))).toEqual(pinned)
    expect((await open().all()).get(pinned.key)).toEqual(pinned)
  })

  it('renews what it says of a model, but not of another one', async () => {
    const pinned = sampleEntry(1)
    await put(pinned)
    const renewed = { ...pinned, facts: { ...pinned.facts, triangles: 7 } }

    await open().put(sampleEntry(1, { files: { glb: refTo('other') } }), { renew: true })
    const other = (await open().all()).get(pinned.key)
    await open().put(renewed, { renew: true })

    expect(other).toEqual(pinned)
    expect((await open().all()).get(pinned.key)).toEqual(renewed)
  })

  it('takes the other model when it is to replace the pinned one', async () => {
    const own: Entry = {
      ...sampleEntry(1, { files: { glb: refTo('own') } }),
      source: 'pinned',
      task: undefined,
    }
    await put(sampleEntry(1))

    await open().put(own, { replace: true })

    expect((await open().all()).get(own.key)).toEqual(own)
  })

  it('keeps what was derived from a model when the same model replaces it', async () => {
    const { facts } = sampleEntry(1)
    const derived = { '00000000000000aa': { ...refTo('smaller'), steps: ['optimize@2'], facts } }
    await put(sampleEntry(1, { derived }))

    await open().put(sampleEntry(1, { source: 'pinned', task: undefined }), { replace: true })

    expect((await open().all()).get(sampleEntry(1).key)).toMatchObject({ source: 'pinned', derived })
  })

  it('is read again by the next import when it could not be read', async () => {
    await put(sampleEntry(1))
    const busy = Object.assign(new Error('EMFILE: too many open files'), { code: 'EMFILE' })
    let reads = 0
    const lockfile = open((request) => {
      if (reads++ === 0) throw busy
      return keyOf(request)
    })
    const { key } = sampleEntry(1)

    await expect(lockfile.get(key)).rejects.toBe(busy)

    expect(await lockfile.get(key)).toEqual(sampleEntry(1))
    expect(await lockfile.get(key)).toEqual(sampleEntry(1))
    expect(reads).toBe(2)
  })

  it('forgets the removed models alone', async () => {
    await put(sampleEntry(1), sampleEntry(2))

    await open().remove([sampleEntry(1).key, 'f'.repeat(16)])

    expect([...(await open().all()).keys()]).toEqual([sampleEntry(2).key])
  })

  it('keeps what a later minor version wrote', async () => {
    await put(sampleEntry(1))
    const later = (await text())
      .replace('"models": {', '"origin": "later",\n  "models": {')
      .replace('"image": ', '"licence": { "name": "CC0" },\n      "image": ')
      .replace(
        '"glb": {',
        '"gaussians": { "sha256": "' + 'a'.repeat(64) + '", "bytes": 3, "ext": "ply" },\n        "glb": {',
      )
    await writeFile(file(), later)

    await put(sampleEntry(2), sampleEntry(1))

    expect(JSON.parse(await text())).toMatchObject({
      origin: 'later',
      models: {
        [sampleEntry(1).key]: { licence: { name: 'CC0' }, files: { gaussians: { ext: 'ply' } } },
        [sampleEntry(2).key]: { image: 'image-2.png' },
      },
    })
  })

  it('loses nothing when eight processes put ten models each', async () => {
    const script = new URL('./children/put.ts', import.meta.url)

    const children = Array.from({ length: 8 }, (_, index) =>
      spawnScript(script, [file(), path('.meshy', 'leases', 'lockfile'), String(index * 10 + 1)]),
    )
    const ends = await Promise.all(children.map(({ exited }) => exited))

    expect(ends.map(({ code, stderr }) => [code, stderr])).toEqual(ends.map(() => [0, '']))
    const all = Array.from({ length: 80 }, (_, index) => sampleEntry(index + 1).key)
    expect([...(await open().all()).keys()]).toEqual(all.sort())
    expect(await readdir(path())).toEqual(['.meshy', 'meshy-lock.json'])
  })

  it.skipIf(process.platform === 'win32')('loses nothing to packages with a cache folder each', async () => {
    const script = new URL('./children/put.ts', import.meta.url)
    const packages = ['a', 'b', 'c', 'd']
    for (const name of packages) await mkdir(path('packages', name), { recursive: true })
    await symlink('../../meshy-lock.json', path('packages/b/meshy-lock.json'))
    await symlink('../..', path('packages/c/root'))
    const names = [
      file(),
      path('packages/b/meshy-lock.json'),
      path('packages/c/root/meshy-lock.json'),
      file(),
    ]

    const children = packages.map((name, index) => {
      const lease = path('packages', name, '.meshy/leases/lockfile')
      return spawnScript(script, [names[index] ?? '', lease, String(index * 10 + 1)])
    })
    const ends = await Promise.all(children.map(({ exited }) => exited))

    expect(ends.map(({ code, stderr }) => [code, stderr])).toEqual(ends.map(() => [0, '']))
    expect((await open().all()).size).toBe(40)
    expect(await readdir(path())).toEqual(['meshy-lock.json', 'packages'])
  })

  it('is read with a mark of byte order before it, as editors write it, and stays so until it changes', async () => {
    await put(sampleEntry(1))
    const marked = `\uFEFF${await text()}`
    await writeFile(file(), marked)

    await put(sampleEntry(1))
    expect(await text()).toBe(marked)

    await put(sampleEntry(2))
    expect([...(await open().all()).keys()]).toHaveLength(2)
    expect(await text()).toMatch(/^\{/)
  })

  it.skipIf(process.platform === 'win32')('stays the symbolic link that it is', async () => {
    await mkdir(path('shared'))
    await symlink('shared/lock.json', file())

    await put(sampleEntry(1))
    await put(sampleEntry(2))

    expect(await readlink(file())).toBe('shared/lock.json')
    expect((await open().all()).size).toBe(2)
    expect(await readdir(path('shared'))).toEqual(['lock.json'])
  })

  it('takes files of a role that this version does not know', async () => {
    await put(sampleEntry(1))
    await writeFile(file(), withFile(await text(), 'blend', refTo('blend', 'blend')))

    const [entry] = (await open().all()).values()

    expect(entry?.files).toHaveProperty('blend')
  })

  describe('a lockfile that is not ours', () => {
    const { key } = sampleEntry(1)

    it.each<[string, string, (lockfile: string) => string]>([
      ['is empty', 'MESHY_LOCKFILE_INVALID', () => ''],
      ['is truncated', 'MESHY_LOCKFILE_INVALID', (lockfile) => lockfile.slice(0, -40)],
      ['is a list', 'MESHY_LOCKFILE_INVALID', () => '[]'],
      ['has no version', 'MESHY_LOCKFILE_INVALID', (lockfile) => lockfile.replace('"version": 1,', '')],
      [
        'has a later version',
        'MESHY_LOCKFILE_VERSION',
        (lockfile) => lockfile.replace('"version": 1', '"version": 2'),
      ],
      [
        'has a version that is no number',
        'MESHY_LOCKFILE_VERSION',
        (lockfile) => lockfile.replace('1,', '"1",'),
      ],
      ['has a key that is none', 'MESHY_LOCKFILE_INVALID', (lockfile) => lockfile.replace(key, '../hero')],
      ['has a key twice', 'MESHY_LOCKFILE_INVALID', (lockfile) => twice(lockfile, key)],
      [
        'has a field twice',
        'MESHY_LOCKFILE_INVALID',
        (lockfile) => lockfile.replace('"bytes":', '"bytes": 1, "bytes":'),
      ],
      [
        'has a request of another key',
        'MESHY_LOCKFILE_INVALID',
        (lockfile) => lockfile.replace('20000', '30001'),
      ],
      [
        'has a digest that is none',
        'MESHY_LOCKFILE_INVALID',
        (lockfile) => lockfile.replace(/"sha256": ".{64}"/, '"sha256": "x"'),
      ],
      [
        'calls the model a page',
        'MESHY_LOCKFILE_INVALID',
        (lockfile) => lockfile.replace('"ext": "glb"', '"ext": "html"'),
      ],
      [
        'calls a picture beside it a script',
        'MESHY_LOCKFILE_INVALID',
        (lockfile) => withFile(lockfile, 'thumbnail', refTo('alert(1)', 'js')),
      ],
      [
        'calls what was derived a page',
        'MESHY_LOCKFILE_INVALID',
        (lockfile) => withDerived(lockfile, refTo('<p>', 'html')),
      ],
      [
        'has a name that no file system takes',
        'MESHY_LOCKFILE_INVALID',
        (lockfile) => lockfile.replace('image-1.png', 'a'.repeat(5000)),
      ],
      ['has conflict markers', 'MESHY_LOCKFILE_CONFLICT', (lockfile) => conflicting(lockfile)],
      [
        'has them with CRLF',
        'MESHY_LOCKFILE_CONFLICT',
        (lockfile) => conflicting(lockfile).replaceAll('\n', '\r\n'),
      ],
      ['has a forgotten marker', 'MESHY_LOCKFILE_CONFLICT', (lockfile) => `${lockfile}>>>>>>> theirs\n`],
    ])('is refused, and left as it is, when it %s', async (_, code, damage) => {
      await put(sampleEntry(1))
      const damaged = damage(await text())
      expect(damaged).not.toBe(await text())
      await writeFile(file(), damaged)

      await expect(open().all()).rejects.toMatchObject({ code, details: { file: file() } })
      await expect(open().put(sampleEntry(2))).rejects.toMatchObject({ code })
      await expect(open().remove([key])).rejects.toMatchObject({ code })

      expect(await text()).toBe(damaged)
    })

    it('says which key contradicts its request', async () => {
      await put(sampleEntry(1))
      await writeFile(file(), (await text()).replace('20000', '30001'))

      await expect(open().all()).rejects.toThrow(`\`${key}\``)
    })
  })

  it('reads what git has given the line ends of Windows', async () => {
    await put(sampleEntry(1))
    await writeFile(file(), (await text()).replaceAll('\n', '\r\n'))

    expect((await open().all()).get(sampleEntry(1).key)).toEqual(sampleEntry(1))
  })
})

function twice(lockfile: string, key: string): string {
  const { models } = JSON.parse(lockfile)
  return lockfile.replace('"models": {', `"models": { "${key}": ${JSON.stringify(models[key])},`)
}

function conflicting(lockfile: string): string {
  return lockfile.replace('  "models"', '<<<<<<< HEAD\n  "models"').concat('=======\n>>>>>>> theirs\n')
}

type Models = Record<string, { files: object; facts: object; derived?: object }>

/** The lockfile with another file of its models. */
function withFile(lockfile: string, role: string, ref: BlobRef): string {
  const { models, ...rest } = JSON.parse(lockfile) as { models: Models }
  for (const model of Object.values(models)) model.files = { ...model.files, [role]: ref }
  return JSON.stringify({ ...rest, models })
}

function withDerived(lockfile: string, ref: BlobRef): string {
  const { models, ...rest } = JSON.parse(lockfile) as { models: Models }
  for (const model of Object.values(models)) {
    model.derived = { '00000000000000aa': { ...ref, steps: [], facts: model.facts } }
  }
  return JSON.stringify({ ...rest, models })
}
