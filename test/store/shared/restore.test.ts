import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { bringBlob, forEachFile } from '../../../src/store/shared/sources.ts'
import { systemClock } from '../../../src/system/clock.ts'
import { spawnScript, type RunningScript } from '../../support/child.ts'
import { freePort } from '../../support/free-port.ts'
import { listen } from '../../support/listen.ts'
import { useTempDir } from '../../support/temp-dir.ts'
import type { RestorePlan } from './children/restore.ts'
import { countBlobs, makeFiles, openProject, refsOf } from './restoring.ts'

const temp = useTempDir()
const files = makeFiles(40, 300_000)
const refs = refsOf(files)

const fileOf = (url = ''): Buffer => files.get(path.basename(url)) ?? Buffer.of()
const serve = (): Promise<string> => listen(({ url }, response) => response.end(fileOf(url)))

const places = (url: string, project = 'project') => ({
  project: temp.path(project),
  machine: temp.path('machine'),
  url,
})

function restore(url: string, project?: string): RunningScript {
  const plan: RestorePlan = { ...places(url, project), refs }
  return spawnScript(new URL('./children/restore.ts', import.meta.url), [JSON.stringify(plan)])
}

/** Sends what was asked for first, and of all else a half. @returns when that has come to `count` halves */
async function serveHalves(whole: number, count: number): Promise<{ url: string; halves: Promise<void> }> {
  let asked = 0
  let tell = (): void => undefined
  const halves = new Promise<void>((resolve) => (tell = resolve))
  const half = (response: ServerResponse, content: Buffer): void => {
    response.writeHead(200, { 'content-length': content.byteLength })
    response.write(content.subarray(0, content.byteLength / 2), () => {
      if (asked >= whole + count) tell()
    })
  }
  const url = await listen(({ url: name }, response) => {
    asked += 1
    if (asked <= whole) response.end(fileOf(name))
    else half(response, fileOf(name))
  })
  return { url, halves }
}

describe('restoring many files from a team’s store', () => {
  it('that is killed in the middle leaves whole files alone, and the next run brings the rest', async () => {
    const { url, halves } = await serveHalves(10, 12)
    const first = restore(url)
    await halves
    await first.kill()

    const found = await countBlobs(temp.path('project'))
    const second = await restore(await serve()).exited

    expect(found).toMatchObject({ wrong: 0 })
    expect(second).toMatchObject({ code: 0, stdout: '40\n' })
    expect(await countBlobs(temp.path('project'))).toMatchObject({ right: 40, wrong: 0 })
    expect(await countBlobs(temp.path('machine'))).toMatchObject({ right: 40, wrong: 0 })
  })

  it('can be done by two processes at once in the same project', async () => {
    const url = await serve()

    const ended = await Promise.all([restore(url).exited, restore(url).exited])

    const whole = { right: 40, wrong: 0, left: 0 }
    expect(ended.map(({ code, stdout }) => [code, stdout])).toEqual([
      [0, '40\n'],
      [0, '40\n'],
    ])
    expect(await countBlobs(temp.path('project'))).toEqual(whole)
    expect(await countBlobs(temp.path('machine'))).toEqual(whole)
  })

  it('has put all of them into the store of the machine when it ends', async () => {
    await restore(await serve()).exited

    const second = await restore(`http://127.0.0.1:${await freePort()}`, 'second').exited

    expect(second).toMatchObject({ code: 0, stdout: '40\n', stderr: '' })
  })

  it('keeps nothing of a file whose bytes are others, and all of those around it', async () => {
    const lies = new Set(refs.filter((_, index) => index % 4 === 0).map(({ sha256 }) => sha256))
    const url = await listen(({ url: name = '' }, response) => {
      const content = fileOf(name)
      // Of the same length: nothing but the digest tells.
      response.end(lies.has(path.basename(name)) ? Buffer.alloc(content.byteLength) : content)
    })
    const { shared } = openProject(places(url))

    const brought = await forEachFile(refs, (ref) => bringBlob(shared.sources, ref, { clock: systemClock }))
    await shared.machine?.tidy()

    const missing = refs.filter((_, index) => brought[index]?.from === undefined).map(({ sha256 }) => sha256)
    expect(missing).toEqual(expect.arrayContaining([...lies]))
    const [project, machine] = await Promise.all([
      countBlobs(temp.path('project')),
      countBlobs(temp.path('machine')),
    ])
    expect(project).toEqual({ right: refs.length - missing.length, wrong: 0, left: 0 })
    expect(machine).toEqual(project)
  })

  it('takes one connection for each file at once, and uses it again', async () => {
    const sockets = new Set<Socket>()
    const url = await listen(({ url: name, socket }, response) => {
      sockets.add(socket)
      response.end(fileOf(name))
    })
    const { shared } = openProject(places(url))

    await forEachFile(refs, (ref) => bringBlob(shared.sources, ref, { clock: systemClock }))
    await shared.machine?.tidy()

    expect(sockets.size).toBeLessThanOrEqual(16)
  })
})
