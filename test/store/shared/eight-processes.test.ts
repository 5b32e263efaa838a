import { mkdir, writeFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { makePng } from '../../glb/pictures.ts'
import { startGenerating } from '../../support/generate-child.ts'
import { startService } from '../../support/service.ts'
import { useTempDir } from '../../support/temp-dir.ts'

const temp = useTempDir()
/** What a cache of a CI service says was sent is not believed: anybody's pull request may have written it. */
const AT_HOME = { CI: 'false' }

async function projects(count: number): Promise<string[]> {
  const roots = Array.from({ length: count }, (_, index) => temp.path(`project-${index}`))
  for (const root of roots) {
    await mkdir(root)
    await writeFile(`${root}/package.json`, '{}')
    await writeFile(`${root}/hero.png`, makePng(4, 2))
  }
  return roots
}

it(
  'eight projects of a machine pay once when the one that pays is killed before it has the answer',
  { timeout: 120_000 },
  async () => {
    const service = await startService({ taskMs: 500 })
    const plan = { specifiers: ['hero.png?meshy'], machineStore: temp.path('machine'), env: AT_HOME }
    const [payer = '', ...others] = await projects(8)
    const { signal } = await startGenerating(payer, service, { ...plan, killAt: 'answer received' }).exited

    const ends = await Promise.all(others.map((root) => startGenerating(root, service, plan).exited))

    expect(signal).toBe('SIGKILL')
    expect(ends.map(({ stdout }) => stdout.trim())).toEqual(others.map(() => 'ready'))
    expect(service.tasks()).toHaveLength(1)
  },
)

it.each([
  ['task accepted', /^ready$/m],
  ['answer received', /^MESHY_SUBMIT_UNKNOWN/m],
] as const)(
  'another project never pays again, without the help of names, when the payer is killed at: %s',
  async (killAt, said) => {
    const service = await startService({ profile: 'reference' })
    const plan = { specifiers: ['hero.png?meshy'], machineStore: temp.path('machine'), env: AT_HOME }
    const [payer = '', other = ''] = await projects(2)
    await startGenerating(payer, service, { ...plan, killAt }).exited

    const { stdout } = await startGenerating(other, service, plan).exited

    expect(stdout).toMatch(said)
    expect(service.counts).toMatchObject({ posts: 1, created: 1 })
  },
)

it('another project pays again where the payer was killed before anything was sent', async () => {
  const service = await startService({ profile: 'reference' })
  const plan = { specifiers: ['hero.png?meshy'], machineStore: temp.path('machine'), env: AT_HOME }
  const [payer = '', other = ''] = await projects(2)
  await startGenerating(payer, service, { ...plan, killAt: 'journal started' }).exited

  const { stdout } = await startGenerating(other, service, plan).exited

  expect(stdout.trim()).toBe('ready')
  expect(service.counts).toMatchObject({ posts: 1, created: 1 })
})
