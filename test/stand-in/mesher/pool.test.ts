import { writeFile } from 'node:fs/promises'
import { pathToFileURL } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { makeMesh } from '../../../src/stand-in/mesher/mesher.ts'
import { createPreviewPool, type PreviewPool } from '../../../src/stand-in/mesher/pool.ts'
import type { WorkerScript } from '../../../src/system/worker-pool.ts'
import { useTempDir } from '../../support/temp-dir.ts'
import { emoji, scene, transparent } from './pictures.ts'

const OPTIONS = { triangles: 3000, texture: true, pbr: false, name: 'model' }

describe('createPreviewPool', () => {
  const folder = useTempDir()
  const pools: PreviewPool[] = []
  const createPool = (own?: WorkerScript): PreviewPool => {
    const pool = createPreviewPool(own)
    pools.push(pool)
    return pool
  }
  afterEach(() => Promise.all(pools.splice(0).map((pool) => pool.close())))

  /** A worker script of the test's own. */
  async function script(code: string) {
    const file = folder.path('worker.mjs')
    await writeFile(file, code)
    return { url: pathToFileURL(file), execArgv: [] }
  }

  it('makes the very bytes that this thread makes', async () => {
    const picture = await scene('teapot', { backdrop: ['#cde', '#bcd'], shadow: true })

    const [there, here] = await Promise.all([
      createPool().make([picture], OPTIONS),
      makeMesh([picture], OPTIONS),
    ])

    expect(Buffer.from(there.glb).equals(here.glb)).toBe(true)
    expect({ ...there, glb: here.glb }).toEqual(here)
    expect(picture.length).toBeGreaterThan(0)
  })

  it('queues what it cannot make at once', async () => {
    const pool = createPool()
    const picture = await emoji('pig')

    const models = await Promise.all(
      [500, 600, 700, 800].map((triangles) => pool.make([picture], { ...OPTIONS, triangles })),
    )

    expect(models.map((model) => model.triangles)).toEqual([500, 600, 700, 800])
  })

  it('rejects with the coded error of the worker', async () => {
    const failing = createPool().make([await transparent(8, 8)], OPTIONS)

    await expect(failing).rejects.toMatchObject({ code: 'MESHY_IMAGE_INVALID', hint: expect.any(String) })
  })

  it('rejects when the worker dies, and starts another for the next', async () => {
    const code = `
      import { existsSync, writeFileSync } from 'node:fs'
      import { parentPort } from 'node:worker_threads'
      const mark = ${JSON.stringify(folder.path('died'))}
      parentPort.on('message', () => {
        if (existsSync(mark)) return parentPort.postMessage({ result: { triangles: 7 } })
        writeFileSync(mark, '')
        process.exit(3)
      })`
    const pool = createPool(await script(code))

    await expect(pool.make([], OPTIONS)).rejects.toMatchObject({ code: 'MESHY_PREVIEW_CRASHED' })
    expect(await pool.make([], OPTIONS)).toMatchObject({ triangles: 7 })
  })

  it('rejects with the reason of an aborted signal, and goes on with the others', async () => {
    const pool = createPool()
    const controller = new AbortController()
    const picture = await emoji('pig')

    const running = pool.make([picture], OPTIONS, { signal: controller.signal })
    const queued = pool.make([picture], OPTIONS, { signal: controller.signal })
    const other = pool.make([picture], OPTIONS)
    controller.abort(new Error('enough'))

    await expect(running).rejects.toThrow('enough')
    await expect(queued).rejects.toThrow('enough')
    expect(await other).toMatchObject({ triangles: 3000 })
    await expect(pool.make([picture], OPTIONS, { signal: controller.signal })).rejects.toThrow('enough')
  })

  it('rejects what is on its way when it is closed', async () => {
    const pool = createPool(await script('setInterval(() => {}, 1000)'))
    const running = pool.make([], OPTIONS)
    const queued = pool.make([], OPTIONS)

    const rejected = Promise.allSettled([running, queued])
    await pool.close()

    for (const { reason } of (await rejected) as PromiseRejectedResult[]) {
      expect(reason).toMatchObject({ code: 'MESHY_ABORTED' })
    }
    await expect(pool.make([], OPTIONS)).rejects.toMatchObject({ code: 'MESHY_ABORTED' })
  })
})
