import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { codeOf, emulate, modelsOf, paying, readFiles, textsOf, type Built } from '../harness.ts'
import { DRIVERS, MATRIX } from './drivers.ts'
import { checkout, makeFixture, NAMES } from './fixture.ts'

const HASHED = /(?:^|[/\\])(\w+)[-.][\w-]{8,}\.glb$/

describe.each(MATRIX)('a build with %s', (name) => {
  const drive = DRIVERS[name]

  it('emits every model byte for byte, under the name of its picture and a hash', async () => {
    const emulator = await emulate()
    const project = await makeFixture()

    const built = await drive(project, { meshy: paying(emulator) })

    expect(namesOf(built)).toEqual(NAMES)
    expect(digestsOf(built)).toEqual(await pinnedDigests(project.root))
    expect(emulator.counts.posts).toBe(3)
    for (const file of modelsOf(built).keys()) expect(codeOf(built)).toContain(path.basename(file))
  })

  it('gives the same into an empty folder, in another checkout, without key and network', async () => {
    const emulator = await emulate()
    const project = await makeFixture()
    const first = await drive(project, { meshy: paying(emulator), sourcemap: true })
    await emulator.close()
    const meshy = { baseUrl: emulator.url, mode: 'frozen' } as const

    const again = await drive(project, { meshy, sourcemap: true, outDir: 'again' })
    const elsewhere = await drive(await checkout(project), { meshy, sourcemap: true })

    expect(again.files).toEqual(first.files)
    expect(elsewhere.files).toEqual(first.files)
    expect(textsOf(first.files, /./)).not.toContain(project.root)
    // A map shows the source that was written, prompts included; all else is clean.
    expect(textsOf(first.files, /(?<!\.map)$/)).not.toMatch(/secret.{0,3}wish/)
  })

  it('points at a CDN when told so', async () => {
    const emulator = await emulate()
    const project = await makeFixture()

    const built = await drive(project, { meshy: paying(emulator), publicPath: 'https://cdn.example/a/' })

    const code = codeOf(built)
    expect(code).toContain('https://cdn.example/a/')
    for (const file of modelsOf(built).keys()) expect(code).toContain(path.basename(file))
  })

  it('tells every failure at its end, and writes nothing', async () => {
    const project = await makeFixture()

    const failing = drive(project, { meshy: { mode: 'frozen' } })

    const places = ['src/main.js:1: `alias', 'src/main.js:2: `parcel', 'src/main.js:3: `relative']
    const { message } = await failing.then(
      () => new Error('It was built'),
      (error: Error) => error,
    )
    for (const place of places) expect(message).toContain(place)
    expect([...(await readFiles(path.join(project.root, 'dist'))).keys()]).toEqual([])
  })
})

function namesOf(built: Built): string[] {
  return [...modelsOf(built).keys()].map((file) => HASHED.exec(file)?.[1] ?? file).sort()
}

function digestsOf(built: Built): string[] {
  return [...modelsOf(built).values()].map((bytes) => createHash('sha256').update(bytes).digest('hex')).sort()
}

/** What the lockfile says of the GLBs. */
async function pinnedDigests(root: string): Promise<string[]> {
  const lockfile = await readFile(path.join(root, 'meshy-lock.json'), 'utf8')
  const { models } = JSON.parse(lockfile) as {
    models: Record<string, { files: { glb: { sha256: string } } }>
  }
  return Object.values(models)
    .map(({ files }) => files.glb.sha256)
    .sort()
}
