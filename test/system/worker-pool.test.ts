import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import { WorkerPool } from '../../src/system/worker-pool.ts'

const POOL = fileURLToPath(new URL('../../src/system/worker-pool.ts', import.meta.url))

/** Answers with twice the number that it gets, and dies of what is none. */
const DOUBLING = `
  import { parentPort } from 'node:worker_threads'
  parentPort.on('message', (job) => {
    if (typeof job !== 'number') process.exit(3)
    parentPort.postMessage({ result: 2 * job })
  })`
const DOUBLING_URL = `data:text/javascript,${encodeURIComponent(DOUBLING)}`

describe('WorkerPool', () => {
  it('does more jobs than it has workers', async () => {
    const { pool, started } = makePool()

    expect(await Promise.all([1, 2, 3].map((job) => pool.run(job)))).toEqual([2, 4, 6])
    expect(started()).toBe(1)
  })

  it('starts no more workers than it may have, and shares the jobs among them', async () => {
    const { pool, started } = makePool(2)

    expect(await Promise.all([1, 2, 3, 4].map((job) => pool.run(job)))).toEqual([2, 4, 6, 8])
    expect(started()).toBe(2)
  })

  it('goes on with the same worker after a job that cannot be sent', async () => {
    const { pool, started } = makePool()
    const unsendable = pool.run(() => {})
    const next = pool.run(4)

    await expect(unsendable).rejects.toThrow(/could not be cloned/)
    expect(await next).toBe(8)
    expect(started()).toBe(1)
  })

  it('lets the process end after a job that cannot be sent', async () => {
    const script = `
      const { createJiti } = await import(${JSON.stringify(import.meta.resolve('jiti'))})
      const { WorkerPool } = await createJiti(import.meta.url).import(${JSON.stringify(POOL)})
      const script = () => ({ url: new URL(${JSON.stringify(DOUBLING_URL)}), execArgv: [] })
      const pool = new WorkerPool({ size: 1, script, closed: () => new Error(), crashed: () => new Error() })
      await pool.run(() => {}).catch(() => console.log('refused'))`
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script])
    onTestFinished(() => void child.kill('SIGKILL'))
    let told = ''
    child.stdout.on('data', (text) => (told += text))

    const [code] = await once(child, 'exit')

    expect([code, told]).toEqual([0, 'refused\n'])
  })

  it('goes on with another worker after one died', async () => {
    const { pool, started } = makePool()
    const deadly = pool.run('a text')
    const next = pool.run(5)

    await expect(deadly).rejects.toThrow('crashed: It exited with code 3')
    expect(await next).toBe(10)
    expect(started()).toBe(2)
  })

  it('rejects all jobs when no worker can be started', async () => {
    const pool = new WorkerPool<unknown, number>({
      ...REASONS,
      size: 1,
      script: () => {
        throw new Error('no thread')
      },
    })

    const results = await Promise.allSettled([1, 2, 3].map((job) => pool.run(job)))

    expect(results.map((result) => result.status === 'rejected' && String(result.reason))).toEqual(
      Array.from({ length: 3 }, () => 'Error: no thread'),
    )
  })

  it('rejects with the reason of a signal, and drops a job that waits', async () => {
    const { pool } = makePool()
    const stop = new AbortController()
    const first = pool.run(1)
    const waiting = pool.run(2, { signal: stop.signal })

    stop.abort(new Error('stopped'))

    await expect(waiting).rejects.toThrow('stopped')
    expect(await first).toBe(2)
  })

  it('rejects what is on its way, and what comes later, when it is closed', async () => {
    const { pool } = makePool()
    const results = Promise.allSettled([pool.run(1), pool.run(2)])

    await pool.close()

    expect((await results).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    await expect(pool.run(3)).rejects.toThrow('closed')
  })
})

const REASONS = {
  name: 'test',
  closed: () => new Error('closed'),
  crashed: (cause: unknown) => new Error(`crashed: ${cause instanceof Error ? cause.message : ''}`),
}

function makePool(size = 1) {
  let started = 0
  const script = () => {
    started++
    return { url: new URL(DOUBLING_URL), execArgv: [] }
  }
  const pool = new WorkerPool<unknown, number>({ ...REASONS, size, script })
  onTestFinished(() => pool.close())
  return { pool, started: () => started }
}
