import { describe, expect, it } from 'vitest'
import { startEmulator } from '../../src/emulator.ts'
import { inspectGlb } from '../../src/glb/inspect.ts'
import { call, create, emulate, IMAGE_URL, PICTURE, SINGLE, until } from './harness.ts'

const UNTOUCHED = { Request, Response }

describe('startEmulator', () => {
  it('serves files on another origin, without the key', async () => {
    const emulator = await emulate()
    const task = await until(emulator, await create(emulator), 'SUCCEEDED')
    const answer = await fetch(task.model_urls.glb)

    expect(new URL(task.model_urls.glb).origin).toBe(emulator.assetsUrl)
    expect(emulator.assetsUrl).not.toBe(new URL(emulator.url).origin)
    expect(answer.headers.get('content-type')).toBe('model/gltf-binary')
    expect(inspectGlb(new Uint8Array(await answer.arrayBuffer())).triangles).toBe(12)
    expect(emulator.requests.at(-1)).toMatchObject({ origin: 'assets', authorized: false, status: 200 })
  })

  it('notices a key that is sent to the files', async () => {
    const emulator = await emulate()
    const task = await until(emulator, await create(emulator), 'SUCCEEDED')
    await fetch(task.model_urls.glb, { headers: { authorization: `Bearer ${emulator.apiKey}` } })

    expect(
      emulator.requests.filter(({ origin, authorized }) => origin === 'assets' && authorized),
    ).toHaveLength(1)
  })

  it('shows the picture itself as thumbnail and base color', async () => {
    const emulator = await emulate({ maker: undefined })
    const task = await until(emulator, await create(emulator), 'SUCCEEDED')
    const bytes = async (url: string) => new Uint8Array(await (await fetch(url)).arrayBuffer())

    expect(await bytes(task.thumbnail_url)).toEqual(PICTURE)
    expect(await bytes(task.texture_urls[0].base_color)).toEqual(PICTURE)
  })

  it('keeps a log of what arrived, with the bodies of create requests', async () => {
    const emulator = await emulate()
    await create(emulator, { target_polycount: 5000 })
    await call(emulator, 'GET', `${SINGLE}?page_size=5`)

    expect(emulator.requests).toMatchObject([
      {
        route: 'create',
        method: 'POST',
        path: SINGLE,
        status: 202,
        body: { image_url: IMAGE_URL, target_polycount: 5000 },
      },
      { route: 'list', method: 'GET', path: SINGLE, query: '?page_size=5', status: 200, body: undefined },
    ])
    expect(emulator.tasks()).toMatchObject([{ type: 'image-to-3d' }])
    expect(emulator.counts).toEqual({ posts: 1, created: 1, limited: 0, downloads: 0, total: 2 })
  })

  it('stops at once, also while a stream is open, and frees its port', async () => {
    const emulator = await startEmulator({ taskMs: 60_000 })
    const id = await create(emulator)
    const stream = await call(emulator, 'GET', `${SINGLE}/${id}/stream`)
    const ended = stream.text().catch(() => 'broken off')

    await emulator.close()

    await ended
    await expect(fetch(emulator.url)).rejects.toThrow(TypeError)
    const again = await startEmulator({ port: Number(new URL(emulator.url).port) })
    await again.close()
  })

  it('says which port is taken, and lets go of the other', async () => {
    const emulator = await emulate()
    const port = Number(new URL(emulator.url).port)
    const gone = await startEmulator()
    const assetsPort = Number(new URL(gone.assetsUrl).port)
    await gone.close()

    await expect(startEmulator({ port, assetsPort })).rejects.toThrow(/EADDRINUSE/)
    await expect(startEmulator({ port, assetsPort })).rejects.toThrow(`${port}`)
  })

  it('leaves the globals of the process alone', () => {
    expect({ Request, Response }).toEqual(UNTOUCHED)
  })

  it('has headers by which a request is found', async () => {
    const emulator = await emulate()
    const answer = await call(emulator, 'GET', SINGLE)

    expect(answer.headers.get('x-request-id')).toBe('emulator-1')
    expect(answer.headers.get('x-api-version')).toBeTruthy()
  })
})
