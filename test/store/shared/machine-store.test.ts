import { chmod, open, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { defaultMachineFolder } from '../../../src/store/shared/machine-folder.ts'
import { createMachineStore, type MachineStore } from '../../../src/store/shared/machine-store.ts'
import type { Turn } from '../../../src/store/shared/machine-submissions.ts'
import { createBlobs } from '../../../src/store/blobs.ts'
import type { BlobRef, StoredEntry } from '../../../src/store/entry.ts'
import { createLayout } from '../../../src/store/layout.ts'
import { systemClock } from '../../../src/system/clock.ts'
import { keyOf, sampleStoredEntry } from '../samples.ts'
import { canMount, mountVolume } from '../../support/mounts.ts'
import { useTempDir } from '../../support/temp-dir.ts'

const temp = useTempDir()
const warned: string[] = []
const DAYS_AGO = Date.now() / 1000 - 4.1 * 24 * 60 * 60
const SENT = {
  host: 'https://api.example.com',
  account: 'a'.repeat(16),
  startedAt: '2026-01-01T00:00:00.000Z',
  taskId: 'task',
}
const submissionOf = ({ account, key }: Turn) =>
  `${createLayout(temp.path('machine')).journal}/${account}-${key}.json`

function openStore(limit = 1e9, folder = temp.path('machine')): MachineStore {
  warned.length = 0
  const warn = (text: string) => warned.push(text)
  return createMachineStore({
    folder,
    limit,
    fingerprint: keyOf,
    clock: systemClock,
    warn,
  })
}

const projectOf = (name: string) => createLayout(temp.path(name))
const write = (project: string, text: string): Promise<BlobRef> =>
  createBlobs(projectOf(project)).write(Buffer.from(text), { ext: 'glb' })
const inMachine = (ref: BlobRef) => createLayout(temp.path('machine')).blob(ref)

async function keepEntryOf(store: MachineStore, ref: BlobRef): Promise<StoredEntry> {
  const entry = { ...sampleStoredEntry(), files: { glb: ref } }
  await store.keepEntry(entry)
  return entry
}

describe('createMachineStore', () => {
  it('gives one project the bytes that another one kept', async () => {
    const ref = await write('one', 'a model')
    await openStore().keep(ref, projectOf('one'))
    await rm(temp.path('one'), { recursive: true })

    expect(await openStore().bring(ref, projectOf('two'))).toBe(true)
    expect(await readFile(projectOf('two').blob(ref), 'utf8')).toBe('a model')
  })

  it('keeps bytes by handles with nothing but their descriptor, as Plug’n’Play gives them', async () => {
    const ref = await write('one', 'a model')
    const handle = await open(projectOf('one').blob(ref))
    vi.spyOn(Object.getPrototypeOf(handle), 'sync').mockRejectedValue(new Error('Method not implemented.'))
    onTestFinished(() => void vi.restoreAllMocks())
    await handle.close()

    await openStore().keep(ref, projectOf('one'))

    expect(await readFile(inMachine(ref), 'utf8')).toBe('a model')
  })

  it('gives nothing that is not here', async () => {
    const ref = await write('one', 'a model')

    expect(await openStore().bring(ref, projectOf('two'))).toBe(false)
  })

  it('never gives damaged bytes, and replaces them when the right ones are kept', async () => {
    const ref = await write('one', 'a model')
    await openStore().keep(ref, projectOf('one'))
    await writeFile(inMachine(ref), 'A MODEL')

    expect(await openStore().bring(ref, projectOf('two'))).toBe(false)
    await expect(stat(projectOf('two').blob(ref))).rejects.toMatchObject({ code: 'ENOENT' })

    await openStore().keep(ref, projectOf('one'))
    expect(await openStore().bring(ref, projectOf('two'))).toBe(true)
  })

  it('knows an entry only while its model is here', async () => {
    const store = openStore()
    const ref = await write('one', 'a model')
    await store.keep(ref, projectOf('one'))
    const entry = await keepEntryOf(store, ref)
    expect(await store.find(entry.key)).toMatchObject({ key: entry.key, files: { glb: ref } })

    await rm(inMachine(ref))

    expect(await store.find(entry.key)).toBeUndefined()
  })

  it('takes a damaged entry for none', async () => {
    const store = openStore()
    const ref = await write('one', 'a model')
    await store.keep(ref, projectOf('one'))
    const { key } = await keepEntryOf(store, ref)
    await writeFile(createLayout(temp.path('machine')).entry(key), '{"version":1')

    expect(await store.find(key)).toBeUndefined()
  })

  it('removes what was not used for longest when it is over its limit', async () => {
    const refs = [await write('one', 'aaaa'), await write('one', 'bbbb'), await write('one', 'cccc')]
    const store = openStore(9)
    for (const ref of refs) await store.keep(ref, projectOf('one'))
    for (const [index, ref] of refs.entries()) await utimes(inMachine(ref), 1_000 + index, 1_000 + index)
    const [oldest, second] = refs as [BlobRef, BlobRef, BlobRef]
    await store.bring(oldest, projectOf('two'))

    expect(await store.trim()).toEqual({ files: 1, bytes: 4 })

    expect(await store.bring(oldest, projectOf('three'))).toBe(true)
    expect(await store.bring(second, projectOf('three'))).toBe(false)
  })

  it('is within its limit at the end, whatever is kept beside a build', async () => {
    const refs = [await write('one', 'aaaa'), await write('one', 'bbbb'), await write('one', 'cccc')]
    const store = openStore(9)
    for (const ref of refs) store.keepLater(ref, projectOf('one'))

    await store.tidy()

    expect(await store.size()).toEqual({ files: 2, bytes: 8 })
  })

  it('gives no bytes that changed in a project before they were kept', async () => {
    const ref = await write('one', 'a model')
    await writeFile(projectOf('one').blob(ref), 'A MODEL')
    const store = openStore()
    store.keepLater(ref, projectOf('one'))
    await store.tidy()

    expect(await store.bring(ref, projectOf('two'))).toBe(false)

    await write('three', 'a model')
    store.keepLater(ref, projectOf('three'))
    await store.tidy()
    expect(await store.bring(ref, projectOf('two'))).toBe(true)
  })

  it.skipIf(!canMount)('says once that its disk is full, and keeps what it has', async () => {
    const volume = mountVolume(temp.path('volume'), 'size=128k,mode=755')
    onTestFinished(() => volume.release())
    const store = openStore(1e9, temp.path('volume'))
    const texts = ['a', 'b', 'c', 'd', 'e', 'f'].map((letter) => letter.repeat(30_000))
    const refs = await Promise.all(texts.map((text) => write('one', text)))
    for (const ref of refs) store.keepLater(ref, projectOf('one'))

    await store.tidy()

    expect(warned).toEqual([expect.stringMatching(/the machine store cannot be written: .*the disk is full/)])
    expect(await readdir(temp.path('volume', 'tmp'))).toEqual([])
    const taken = await Promise.all(refs.map((ref) => store.bring(ref, projectOf('two'))))
    expect(taken.filter(Boolean)).toHaveLength((await store.size()).files)
  })

  it('is not used, and says so, when others may write to its folder', async () => {
    const ref = await write('one', 'a model')
    await openStore().keep(ref, projectOf('one'))
    await chmod(temp.path('machine'), 0o777)
    const store = openStore()

    expect(await store.bring(ref, projectOf('two'))).toBe(false)
    expect(await store.bring(ref, projectOf('two'))).toBe(false)
    expect(warned).toHaveLength(1)
  })

  it('is for its user alone, also where new folders are for a group', async () => {
    const before = process.umask(0o002)
    onTestFinished(() => void process.umask(before))
    const ref = await write('one', 'a model')

    await openStore().keep(ref, projectOf('one'))

    expect(warned).toEqual([])
    expect((await stat(temp.path('machine'))).mode & 0o777).toBe(0o700)
    expect(await openStore().bring(ref, projectOf('two'))).toBe(true)
  })

  it('forgets what was sent when the service has nothing of it any more', async () => {
    const store = openStore()
    const turns = ['0', '1', '2', '3'].map((digit) => ({ account: 'a'.repeat(16), key: digit.repeat(16) }))
    const [old, damaged, recent, busy] = turns as [Turn, Turn, Turn, Turn]
    for (const turn of turns) await store.tell(turn, SENT)
    await writeFile(submissionOf(damaged), '{')
    for (const turn of [old, damaged, busy]) await utimes(submissionOf(turn), DAYS_AGO, DAYS_AGO)

    await store.withLease(busy, () => openStore().trim(0), {})

    expect(await readdir(createLayout(temp.path('machine')).journal)).toEqual(
      [recent, busy].map(({ account, key }) => `${account}-${key}.json`),
    )
    await store.tidy()
    expect(await store.onItsWay(busy)).toBeUndefined()
    expect(await store.onItsWay(recent)).toEqual(SENT)
  })

  it('lets one project at a time pay for a key', async () => {
    const steps: string[] = []
    const subject = { account: 'abc', key: sampleStoredEntry().key }
    const pay = (name: string) =>
      openStore().withLease(
        subject,
        async () => {
          steps.push(`${name} in`)
          await new Promise(setImmediate)
          steps.push(`${name} out`)
        },
        {},
      )

    await Promise.all([pay('one'), pay('two')])

    expect(steps.map((step) => step.split(' ')[1])).toEqual(['in', 'out', 'in', 'out'])
  })
})

describe('defaultMachineFolder', () => {
  it.each([
    ['linux', {}, '/Users/me/.cache/unplugin-meshy/v1'],
    ['linux', { XDG_CACHE_HOME: '/cache' }, '/cache/unplugin-meshy/v1'],
    ['linux', { XDG_CACHE_HOME: 'relative' }, '/Users/me/.cache/unplugin-meshy/v1'],
    ['darwin', {}, '/Users/me/Library/Caches/unplugin-meshy/v1'],
  ] as const)('is where %s keeps caches with %o', (platform, env, expected) => {
    expect(defaultMachineFolder(env, platform, '/Users/me')).toBe(expected)
  })
})
