import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { link, mkdir, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { createInterface } from 'node:readline'
import { threadId, Worker } from 'node:worker_threads'
import { describe, expect, it, onTestFinished } from 'vitest'
import { withLease } from '../../src/store/lease.ts'
import { type Holder, removeLostLease } from '../../src/store/lease-file.ts'
import type { Clock } from '../../src/system/clock.ts'
import { currentProcess } from '../../src/system/process.ts'
import { spawnScript } from '../support/child.ts'
import { compiledChild } from '../support/compiled.ts'
import { useTempDir } from '../support/temp-dir.ts'

const child = (name: string): URL => new URL(`./children/${name}.ts`, import.meta.url)
const NOBODY = 2 ** 22 + 1

function holder(changes: Partial<Holder> = {}): Holder {
  return { ...currentProcess(), thread: 0, token: '00000000000000aa', ...changes }
}

/** A clock that runs only while somebody sleeps; `onSleep` may do meanwhile what others do. */
function stepClock(onSleep: (now: number) => Promise<void> | void = () => undefined) {
  let now = Date.UTC(2026, 0, 2)
  const clock: Clock = {
    now: () => now,
    sleep: async (ms) => {
      now += ms
      await onSleep(now)
    },
  }
  return { clock, jump: (ms: number) => (now += ms) }
}

describe('withLease', () => {
  const { path } = useTempDir()
  const lease = (): string => path('leases', 'one')

  async function plant(who: Holder | string, at = new Date()): Promise<void> {
    await mkdir(path('leases'), { recursive: true })
    await writeFile(lease(), typeof who === 'string' ? who : JSON.stringify(who))
    await utimes(lease(), at, at)
  }

  it('leaves nothing behind when its work is done', async () => {
    const names = await withLease(lease(), async () => await readdir(path('leases')))

    expect(names).toEqual(['one'])
    expect(await readdir(path('leases'))).toEqual([])
  })

  it('gives the lease back when its work fails', async () => {
    await expect(withLease(lease(), () => Promise.reject(new Error('no')))).rejects.toThrow('no')

    expect(await withLease(lease(), async () => 'next')).toBe('next')
  })

  it('lets one caller in at a time when they are of one process', async () => {
    let inside = 0
    const seen: number[] = []
    const visit = async (): Promise<void> => {
      seen.push(++inside)
      await readdir(path('leases'))
      inside--
    }

    await Promise.all(Array.from({ length: 8 }, () => withLease(lease(), visit)))

    expect(seen).toEqual(Array.from({ length: 8 }, () => 1))
  })

  it('loses no count when eight processes add to one number', async () => {
    await writeFile(path('counter'), '0')

    const children = Array.from({ length: 8 }, () =>
      spawnScript(child('count'), [lease(), path('counter'), '25']),
    )
    const ends = await Promise.all(children.map(({ exited }) => exited))

    expect(ends.map(({ code, stderr }) => [code, stderr])).toEqual(ends.map(() => [0, '']))
    expect(await readFile(path('counter'), 'utf8')).toBe('200')
  })

  it('loses no count when worker threads add to one number', async () => {
    await writeFile(path('counter'), '0')

    const argv = [lease(), path('counter'), '20']
    const workers = Array.from({ length: 3 }, () => new Worker(compiledChild(child('count')), { argv }))
    const ends = await Promise.all(workers.map(async (worker) => await once(worker, 'exit')))

    expect(ends).toEqual([[0], [0], [0]])
    expect(await readFile(path('counter'), 'utf8')).toBe('60')
  })

  it('never lets two in when many wait for leases of dead processes', async () => {
    const args = [lease(), path('inside'), '20']

    const children = Array.from({ length: 6 }, () => spawnScript(child('abandon'), args))
    const ends = await Promise.all(children.map(({ exited }) => exited))

    expect(ends.map(({ code, stderr }) => [code, stderr])).toEqual(ends.map(() => [0, '']))
    expect(await readdir(path('leases'))).toEqual(['one'])
  })

  it('takes over when the holder is killed', async () => {
    const other = spawnScript(child('hold'), [lease()])
    await other.line(/held/)
    let waits = 0
    const next = withLease(lease(), async () => 'mine', { onWait: () => waits++ })

    await other.kill()

    expect(await next).toBe('mine')
    expect(waits).toBeLessThanOrEqual(1)
  })

  it.skipIf(process.platform !== 'linux')('takes over when the killed holder was never reaped', async () => {
    // The shell becomes a program that does not wait for its children.
    const command = `"$0" "$@" & exec sleep 600`
    const args = ['-c', command, process.execPath, compiledChild(child('hold')), lease()]
    const parent = spawn('sh', args, { stdio: ['ignore', 'pipe', 'inherit'] })
    await once(parent.stdout, 'data')
    const { pid } = JSON.parse(await readFile(lease(), 'utf8')) as Holder

    process.kill(pid, 'SIGKILL')

    expect(await withLease(lease(), async () => 'mine')).toBe('mine')
    expect(process.kill(pid, 0)).toBe(true)
    parent.kill('SIGKILL')
  })

  it.skipIf(process.platform !== 'linux')(
    'takes over when the pid of the holder belongs to another process by now',
    async () => {
      await plant(holder({ born: 'long ago' }))

      expect(await withLease(lease(), async () => 'mine')).toBe('mine')
    },
  )

  it('takes over when a process died while it took over', async () => {
    await plant(holder({ pid: NOBODY }))
    await writeFile(
      `${lease()}.00000000000000aa.1`,
      JSON.stringify(holder({ pid: NOBODY, token: 'f'.repeat(16) })),
    )

    expect(await withLease(lease(), async () => 'mine')).toBe('mine')
    expect(await readdir(path('leases'))).toEqual([])
  })

  /** A process that lives, and is not this one. */
  async function startOther(): Promise<Holder> {
    const other = spawnScript(child('hold'), [path('leases', 'other')])
    onTestFinished(async () => void (await other.kill()))
    await other.line(/held/)
    return JSON.parse(await readFile(path('leases', 'other'), 'utf8')) as Holder
  }

  it('waits when a live process of this machine has not beaten for years, and tells of it once', async () => {
    const other = await startOther()
    await plant(other, new Date(0))
    const abort = new AbortController()
    const { clock } = stepClock((now) =>
      now > Date.UTC(2026, 0, 2, 0, 5) ? abort.abort('tired') : undefined,
    )
    const told: (Holder | undefined)[] = []
    const options = { clock, signal: abort.signal, onStill: (who?: Holder) => told.push(who) }

    await expect(withLease(lease(), async () => 'mine', options)).rejects.toBe('tired')
    expect(told).toMatchObject([{ pid: other.pid, machine: hostname() }])
  })

  it('tells nobody of a holder that beats', async () => {
    const { clock } = stepClock(async (now) => {
      if (now < Date.UTC(2026, 0, 2, 0, 5)) await utimes(lease(), now / 1000, now / 1000)
      else await rm(lease(), { force: true })
    })
    await plant(await startOther(), new Date(clock.now()))
    const onStill = () => expect.unreachable('it beats')

    expect(await withLease(lease(), async () => 'mine', { clock, onStill })).toBe('mine')
  })

  it('takes over what this very thread has left behind', async () => {
    await plant({ ...holder(), thread: threadId })

    expect(await withLease(lease(), async () => 'mine')).toBe('mine')
  })

  it.skipIf(process.platform === 'win32')(
    'never lets a release in want of files spoil a result',
    async () => {
      const args = ['-c', 'ulimit -n 512; exec "$0" "$@"', process.execPath]
      const crowded = spawn('sh', [...args, compiledChild(child('crowded')), lease()], { stdio: 'pipe' })
      onTestFinished(() => void crowded.kill('SIGKILL'))
      const lines: string[] = []
      for await (const line of createInterface({ input: crowded.stdout })) {
        lines.push(line)
        if (line === 'again' || line.startsWith('Error')) break
      }

      expect(lines).toEqual(['result stored', 'again'])
      expect(await withLease(lease(), async () => 'mine')).toBe('mine')
    },
  )

  it('waits while a holder on another machine beats, and takes over when it falls silent', async () => {
    const { clock } = stepClock(async (now) => {
      const beat = Math.floor(Math.min(now - start, 300_000) / 5_000)
      await utimes(lease(), start / 1000, (start + beat * 5_000) / 1000)
    })
    const start = clock.now()
    await plant(holder({ host: 'elsewhere' }), new Date(start))

    const takenAfter = await withLease(lease(), async () => clock.now() - start, { clock })

    expect(takenAfter).toBeGreaterThanOrEqual(360_000)
    expect(takenAfter).toBeLessThan(370_000)
  })

  it('waits for the next beat when everybody has slept for an hour', async () => {
    const { clock, jump } = stepClock(async () => {
      naps++
      if (naps === 20) jump(3_600_000)
      // The holder wakes up a little later than we do.
      const isAwake = naps < 20 || naps > 30
      if (isAwake && naps < 200) await utimes(lease(), 0, clock.now() / 1000)
    })
    let naps = 0
    await plant(holder({ host: 'elsewhere' }), new Date(clock.now()))

    await withLease(lease(), async () => undefined, { clock })

    expect(naps).toBeGreaterThan(200)
  })

  it('takes over a lease from another machine soon when its last beat is long ago', async () => {
    const { clock } = stepClock()
    const start = clock.now()
    await plant(holder({ host: 'elsewhere' }), new Date(start - 600_000))

    const takenAfter = await withLease(lease(), async () => clock.now() - start, { clock })

    expect(takenAfter).toBeLessThan(12_000)
  })

  it('takes over when a worker thread of a live process is silent', async () => {
    const { clock } = stepClock()
    await plant(holder({ thread: 7 }), new Date(clock.now()))

    expect(await withLease(lease(), async () => 'mine', { clock })).toBe('mine')
  })

  it('takes over when a writer died before it wrote its name', async () => {
    const { clock } = stepClock()
    await plant('', new Date(clock.now()))

    expect(await withLease(lease(), async () => 'mine', { clock })).toBe('mine')
  })

  it('beats while it holds', async () => {
    await withLease(
      lease(),
      async () => {
        await utimes(lease(), 0, 0)
        await expect.poll(async () => (await mtimeOf(lease())) > 0, { interval: 5 }).toBe(true)
      },
      { beatMs: 5 },
    )
  })

  it('knows when it lost the lease, and leaves that of the next holder alone', async () => {
    const [before, after] = await withLease(lease(), async ({ isHeld }) => {
      const first = await isHeld()
      await plant(holder({ host: 'elsewhere' }))
      return [first, await isHeld()]
    })

    expect([before, after]).toEqual([true, false])
    expect(await readFile(lease(), 'utf8')).toContain('elsewhere')
  })

  it('ends with the reason of the signal when it is aborted while waiting', async () => {
    await plant(await startOther())
    const abort = new AbortController()

    const waiting = withLease(lease(), async () => 'mine', {
      signal: abort.signal,
      onWait: () => abort.abort(new Error('stopped')),
    })

    await expect(waiting).rejects.toThrow('stopped')
    expect(await readdir(path('leases'))).toEqual(['one', 'other'])
  })

  it('excludes others also where there are no hard links', async () => {
    const withoutLinks = {
      link: () => Promise.reject(Object.assign(new Error('no links'), { code: 'EPERM' })),
    }
    let inside = 0
    const visit = async (): Promise<number> => {
      const now = ++inside
      await readdir(path('leases'))
      inside--
      return now
    }

    const seen = await Promise.all(Array.from({ length: 5 }, () => withLease(lease(), visit, withoutLinks)))

    expect(seen).toEqual([1, 1, 1, 1, 1])
    expect(await readdir(path('leases'))).toEqual([])
  })

  it('has the lease when a network share carried out the link but says that it existed', async () => {
    const lostAnswer = async (draft: string, file: string): Promise<void> => {
      await link(draft, file)
      throw Object.assign(new Error('exists'), { code: 'EEXIST' })
    }

    expect(await withLease(lease(), async ({ isHeld }) => await isHeld(), { link: lostAnswer })).toBe(true)
  })

  it('says so when a network share refuses in a way of its own', async () => {
    const stale = () => Promise.reject(Object.assign(new Error('stale file handle'), { code: 'ESTALE' }))

    await expect(withLease(lease(), async () => undefined, { link: stale })).rejects.toMatchObject({
      code: 'MESHY_CACHE_UNWRITABLE',
      details: { errno: 'ESTALE' },
    })
  })

  it('says so when leases cannot be written', async () => {
    await writeFile(path('leases'), 'a file')

    await expect(withLease(lease(), async () => undefined)).rejects.toMatchObject({
      code: 'MESHY_CACHE_UNWRITABLE',
    })
  })
})

describe('removeLostLease', () => {
  const { path } = useTempDir()
  const gone = holder({ pid: NOBODY })
  const lost = { text: JSON.stringify(gone), holder: gone, mtimeMs: 0 }
  const taker = { me: holder({ token: 'b'.repeat(16) }), staleMs: 60_000, now: Date.now(), link: undefined }

  it('removes the lost lease, and its guard', async () => {
    await writeFile(path('one'), lost.text)

    expect(await removeLostLease(path('one'), lost, taker)).toBe(true)

    expect(await readdir(path())).toEqual([])
  })

  it('leaves the lease alone that was made since the lost one was seen', async () => {
    const next = JSON.stringify(holder({ token: 'c'.repeat(16) }))
    await writeFile(path('one'), next)

    await removeLostLease(path('one'), lost, taker)

    expect(await readFile(path('one'), 'utf8')).toBe(next)
  })

  it('leaves the lost lease to whoever is at it', async () => {
    await writeFile(path('one'), lost.text)
    await writeFile(path(`one.${gone.token}.1`), JSON.stringify(holder({ thread: 7, token: 'c'.repeat(16) })))

    expect(await removeLostLease(path('one'), lost, taker)).toBe(false)

    expect(await readFile(path('one'), 'utf8')).toBe(lost.text)
  })
})

async function mtimeOf(file: string): Promise<number> {
  return (await stat(file)).mtimeMs
}
