import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { spawnScript } from '../support/child.ts'
import { startGenerating } from '../support/generate-child.ts'
import { startService } from '../support/service.ts'
import { useTempDir } from '../support/temp-dir.ts'
import { heavyModel } from './models.ts'
import { writeGrainyPicture } from './pictures.ts'

const { path: dir } = useTempDir()
const SPECIFIERS = ['hero.png?meshy&optimize']

/** Runs the pipeline in a process of its own, and returns the packages that it and its workers loaded. */
async function packagesLoaded(
  root: string,
  service: { url: string; apiKey: string },
  mode?: string,
): Promise<Set<string>> {
  const trace = dir('trace.txt')
  await writeFile(trace, '')
  const env = {
    TRACE_FILE: trace,
    NODE_OPTIONS: `--import ${new URL('./children/trace.mjs', import.meta.url).href}`,
    ...(mode && { MESHY_MODE: mode }),
  }
  const { code, stdout, stderr } = await startGenerating(root, service, { specifiers: SPECIFIERS, env })
    .exited
  expect({ code, stdout }, stderr).toEqual({ code: 0, stdout: expect.stringContaining('ready') })
  const urls = (await readFile(trace, 'utf8')).split('\n')
  return new Set(urls.flatMap((url) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ?? []))
}

const TOOLS = ['@gltf-transform/core', '@gltf-transform/functions', 'sharp', 'meshoptimizer']

describe('a clean checkout with lockfile and blobs', () => {
  it('derives nothing, and loads neither sharp nor glTF-Transform', async () => {
    await writeGrainyPicture(dir('mine'))
    const service = await startService()
    const first = await packagesLoaded(dir('mine'), service)
    await mkdir(dir('theirs'))
    for (const name of ['hero.png', 'meshy-lock.json', '.meshy/blobs']) {
      await cp(dir('mine', name), dir('theirs', name), { recursive: true })
    }

    const second = await packagesLoaded(dir('theirs'), service, 'frozen')

    expect(TOOLS.filter((name) => !first.has(name))).toEqual([])
    expect(TOOLS.filter((name) => second.has(name))).toEqual([])
    expect(second.has('xxhash-wasm')).toBe(true)
    expect(await readFile(dir('theirs', 'meshy-lock.json'))).toEqual(
      await readFile(dir('mine', 'meshy-lock.json')),
    )
  })
})

describe('six models at once', () => {
  // Side by side they would need more.
  it('are derived in less than 1 GB of memory', async () => {
    await writeFile(dir('model.glb'), await heavyModel('teapot'))
    const script = new URL('./children/derive-many.ts', import.meta.url)

    const { stdout, stderr } = await spawnScript(script, [dir('model.glb'), '6']).exited

    expect(stdout, stderr).toContain('"models":6')
    expect((JSON.parse(stdout) as { peak: number }).peak).toBeLessThan(1000)
  })
})
