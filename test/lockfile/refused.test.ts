import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import type { RunningEmulator } from '../../src/emulator.ts'
import {
  buildHere,
  emulate,
  emulated,
  importing,
  keyless,
  readLockfile,
  readPins,
  runCli,
  viteBuild,
  viteProject,
} from '../cli/harness.ts'
import { initRepository } from '../support/git.ts'
import { mustSucceed, type Project } from '../support/project.ts'

const DAMAGE: Record<string, { change: (text: string) => string; code: string }> = {
  'conflict markers': {
    change: (text) => text.replace('{', '<<<<<<< HEAD\n{').concat('=======\n{}\n>>>>>>> other\n'),
    code: 'MESHY_LOCKFILE_CONFLICT',
  },
  'half of its bytes': {
    change: (text) => text.slice(0, text.length / 2),
    code: 'MESHY_LOCKFILE_INVALID',
  },
  'a later version': {
    change: (text) => text.replace('"version": 1', '"version": 99'),
    code: 'MESHY_LOCKFILE_VERSION',
  },
  'an entry that contradicts its key': {
    change: (text) => text.replace('"take": 1', '"take": 7'),
    code: 'MESHY_LOCKFILE_INVALID',
  },
}

describe('a lockfile', () => {
  it.each(Object.entries(DAMAGE))(
    'is refused by name, and left alone, with %s',
    async (_, { change, code }) => {
      const emulator = await emulate()
      const project = await built(emulator)
      const damaged = change(await readLockfile(project))
      await writeFile(path.join(project.root, 'meshy-lock.json'), damaged)
      await project.write({ 'main.js': importing('./hero.png?meshy', './car.png?meshy') })

      const finished = await viteBuild(project, { ...emulated(emulator), MESHY_MODE: 'frozen' })
      expect(finished.code).toBe(1)
      expect(finished.stderr).toContain(code)
      expect(finished.stderr).toContain('meshy-lock.json')
      for (const mode of ['generate', 'plan'] as const) {
        const told = new RegExp(`${code}[^]*meshy-lock\\.json|meshy-lock\\.json[^]*${code}`)
        await expect(buildHere(project, emulator, mode), mode).rejects.toThrow(told)
      }
      expect(await readLockfile(project)).toBe(damaged)
      expect(emulator.counts.created).toBe(1)
    },
  )

  it('builds frozen after two branches that each added a model were merged', async () => {
    const emulator = await emulate()
    const project = await viteProject({
      files: {
        'main.js': `import './cars.js'\nimport './pigs.js'\n`,
        'cars.js': '',
        'pigs.js': '',
        '.gitignore': 'node_modules\ndist\n',
      },
      pictures: { 'car.png': 'car.png', 'pig.png': 'pig.png' },
    })
    const repository = await initRepository(project)
    await repository.commitAll('start')
    for (const [branch, specifier] of [
      ['cars', './car.png?meshy'],
      ['pigs', './pig.png?meshy'],
    ] as const) {
      await repository.git('checkout', '--quiet', '-b', branch, 'main')
      await repository.git('clean', '-qfdx', '.meshy')
      await project.write({ [`${branch}.js`]: importing(specifier) })
      await buildHere(project, emulator)
      await repository.commitAll(branch)
    }
    await repository.git('checkout', '--quiet', 'cars')
    await repository.tryGit('merge', '--quiet', 'pigs', '--message', 'both')
    await mustSucceed(runCli(['merge'], { cwd: project.root }))
    await repository.commitAll('both')
    await repository.git('clean', '-qfdx', '.meshy', 'dist')

    const { code } = await viteBuild(project, { ...keyless(emulator), CI: 'true' })

    expect(code).toBe(0)
    expect(Object.keys(await readPins(project)).sort()).toEqual(['car.png', 'pig.png'])
    expect(emulator.counts.created).toBe(2)
  })
})

async function built(emulator: RunningEmulator): Promise<Project> {
  const project = await viteProject({ pictures: { 'car.png': 'car.png' } })
  await buildHere(project, emulator)
  return project
}
