import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createProject } from '../support/project.ts'
import { emulate, emulated, runCli } from './harness.ts'

describe('unplugin-meshy generate, in a project of Next.js', () => {
  it('pins what the sources import', async () => {
    const emulator = await emulate()
    const { root } = await makeNextProject(
      `import hero from '../hero.png?meshy&poly=500'\nimport pig from '/pig.png?meshy'\n`,
    )

    const { code, stderr } = await runCli(['generate'], { cwd: root, env: emulated(emulator) })

    expect([code, stderr]).toEqual([0, expect.any(String)])
    const { models } = JSON.parse(await readFile(path.join(root, 'meshy-lock.json'), 'utf8')) as {
      models: Record<string, { image: string }>
    }
    expect(Object.values(models).map(({ image }) => image)).toEqual(
      expect.arrayContaining(['hero.png', 'pig.png']),
    )
    expect(emulator.counts.posts).toBe(2)
  })

  it('names the import that leads nowhere, and pays nothing for the others', async () => {
    const emulator = await emulate()
    const { root } = await makeNextProject(
      `import hero from '../hero.png?meshy'\nimport none from '@/none.png?meshy'\n`,
    )

    const { code, stderr } = await runCli(['generate'], { cwd: root, env: emulated(emulator) })

    expect(code).toBe(1)
    expect(stderr).toContain('app/page.jsx:2')
    expect(stderr).toContain('MESHY_IMAGE_NOT_FOUND')
    expect(emulator.counts.posts).toBe(0)
  })
})

async function makeNextProject(page: string) {
  const project = await createProject({
    files: { 'next.config.mjs': 'export default {}\n', 'app/page.jsx': page },
    pictures: { 'hero.png': 'robot.png', 'public/pig.png': 'pig.png' },
  })
  onTestFinished(() => project.remove())
  return project
}
