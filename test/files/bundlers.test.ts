import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { build, codeOf, emulate, makeProject, paying, VITES, type Built } from '../bundlers/harness.ts'
import { DRIVERS, MATRIX } from '../bundlers/matrix/drivers.ts'
import type { Options } from '../../src/index.ts'
import type { Project } from '../support/project.ts'
import { startFullService, type FullService } from './full-service.ts'

const QUERY = 'meshy&pre-remesh&formats=fbx,obj,usdz,stl,3mf&thumbnail&alpha_thumbnail&multi_view_thumbnails'

const MAIN = `import * as hero from '../hero.png?${QUERY}'\nglobalThis.hero = { ...hero }\n`

const VITE = VITES.map((name) => {
  const drive = (project: Project, meshy: Options) => build(name, project, { meshy, entry: 'src/main.js' })
  return [name as string, drive] as const
})
const OTHERS = MATRIX.map((name) => {
  const drive = (project: Project, meshy: Options) => DRIVERS[name](project, { meshy })
  return [name as string, drive] as const
})

describe.each([...VITE, ...OTHERS])('a build with %s', (_, drive) => {
  it('emits every file byte for byte, with a hashed name that the code knows', async () => {
    const emulator = await emulate()
    const service = await startFullService(emulator)
    const project = await makeProject({ files: { 'src/main.js': MAIN } })

    const built = await drive(project, { ...paying(emulator), baseUrl: service.url })

    for (const [end, bytes] of await expectedFiles(service)) {
      const name = nameOf(built, end, bytes)
      expect(path.basename(name), name).toMatch(/^hero.*[-.][\w-]{8,20}\.\w+$/)
      expect(codeOf(built), name).toContain(path.basename(name))
    }
    expect(emulator.counts.posts).toBe(1)
  })
})

/** The end of an emitted name, and the bytes as the service has them. */
async function expectedFiles(service: FullService): Promise<[string, Buffer | undefined][]> {
  return [
    ['.glb', await service.served('glb')],
    ['.glb', await service.served('pre_remeshed_glb')],
    ['.fbx', service.files['fbx']],
    ['.obj', await service.served('obj')],
    ['.mtl', await service.served('mtl')],
    ['.usdz', service.files['usdz']],
    ['.stl', await service.served('stl')],
    ['.3mf', await service.served('3mf')],
    ['.png', await service.served('base_color')],
    ['.png', await service.served('thumbnail')],
    ['.png', await service.served('alpha')],
    ['.png', await service.served('left')],
  ]
}

/** Found by its bytes: most bundlers emit files that are alike once. */
function nameOf({ files }: Built, end: string, bytes: Buffer | undefined): string {
  const found = [...files].find(([name, emitted]) => name.endsWith(end) && bytes?.equals(emitted))
  if (!found) throw new Error(`No ${end} is right among ${[...files.keys()].join(', ')}`)
  return found[0]
}
