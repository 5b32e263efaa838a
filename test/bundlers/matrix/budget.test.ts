import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { makePng } from '../../glb/pictures.ts'
import type { Project } from '../../support/project.ts'
import { emulate, makeProject, paying } from '../harness.ts'
import { DRIVERS } from './drivers.ts'

/** As many modules as webpack looks at together. */
const TOGETHER = 100
/** More than that, so that a graph shows itself in pieces. */
const COUNT = 150

describe.each(['webpack', 'Rollup'] as const)('a build with %s that misses many models', (name) => {
  it('submits nothing that would pass `maxCredits`', async () => {
    const emulator = await emulate()
    const project = await makeCrowd(COUNT)

    const meshy = paying(emulator, { maxCredits: 300 })
    const failing = DRIVERS[name](project, { meshy, parallel: TOGETHER })

    await expect(failing).rejects.toThrow('MESHY_BUDGET_EXCEEDED')
    expect(emulator.counts.posts).toBe(0)
  })
})

/** A project that imports so many pictures, each of another colour. */
async function makeCrowd(count: number): Promise<Project> {
  const names = Array.from({ length: count }, (_, index) => `p${index}.png`)
  const imports = names.map((name, index) => `import p${index} from './${name}?meshy&poly=500'\n`)
  const project = await makeProject({
    files: {
      'package.json': { type: 'module' },
      'src/main.js': `${imports.join('')}export default [${names.map((_, index) => `p${index}`).join()}]\n`,
    },
  })
  await mkdir(path.join(project.root, 'src'), { recursive: true })
  await Promise.all(
    names.map((name, index) => {
      const color: [number, number, number] = [index & 255, index >> 8, 7]
      return writeFile(path.join(project.root, 'src', name), makePng(4, 2, { color }))
    }),
  )
  return project
}
