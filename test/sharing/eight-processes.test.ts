import { mkdir, writeFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { makePng } from '../glb/pictures.ts'
import { startGenerating } from '../support/generate-child.ts'
import { startService } from '../support/service.ts'
import { useTempDir } from '../support/temp-dir.ts'

const temp = useTempDir()

it(
  'eight projects of a machine pay once when the one that pays is killed before it has the answer',
  { timeout: 120_000 },
  async () => {
    const service = await startService({ taskMs: 500 })
    const roots = Array.from({ length: 8 }, (_, index) => temp.path(`project-${index}`))
    for (const root of roots) {
      await mkdir(root)
      await writeFile(`${root}/package.json`, '{}')
      await writeFile(`${root}/hero.png`, makePng(4, 2))
    }
    const plan = { specifiers: ['hero.png?meshy'], machineStore: temp.path('machine') }
    const [payer = '', ...others] = roots
    const { signal } = await startGenerating(payer, service, { ...plan, killAt: 'answer received' }).exited

    const ends = await Promise.all(others.map((root) => startGenerating(root, service, plan).exited))

    expect(signal).toBe('SIGKILL')
    expect(ends.map(({ stdout }) => stdout.trim())).toEqual(others.map(() => 'ready'))
    expect(service.tasks()).toHaveLength(1)
  },
)
