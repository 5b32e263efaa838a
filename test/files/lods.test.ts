import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { build, codeOf, emulate, makeProject, modelsOf, paying, type Built } from '../bundlers/harness.ts'
import { DRIVERS, MATRIX } from '../bundlers/matrix/drivers.ts'

const MAIN = `import { lods } from '../hero.png?meshy&optimize&lods=3'\nglobalThis.lods = lods\n`

describe('levels of detail', () => {
  it(
    'are derived once, and then emitted by every bundler as they are pinned',
    { timeout: 300_000 },
    async () => {
      const emulator = await emulate({ models: 'mesh' })
      const project = await makeProject({ files: { 'src/main.js': MAIN } })
      const first = await build('Vite 8', project, { meshy: paying(emulator), entry: 'src/main.js' })
      await emulator.close()
      const meshy = { baseUrl: emulator.url, mode: 'frozen' } as const
      const pinned = await derivedDigests(project.root)

      expect(pinned).toHaveLength(3)
      expect(digestsOf(first)).toEqual(pinned)
      for (const name of MATRIX) {
        const built = await DRIVERS[name](project, { meshy, outDir: `out-${name}` })
        expect(digestsOf(built), name).toEqual(pinned)
        for (const file of modelsOf(built).keys()) expect(codeOf(built), name).toContain(path.basename(file))
      }
      const copied = await build('Vite 7', project, {
        meshy: { ...meshy, emit: 'copy' },
        entry: 'src/main.js',
        outDir: 'copied',
      })
      expect(digestsOf(copied)).toEqual(pinned)
    },
  )
})

function digestsOf(built: Built): string[] {
  return [...modelsOf(built).values()].map((bytes) => createHash('sha256').update(bytes).digest('hex')).sort()
}

async function derivedDigests(root: string): Promise<string[]> {
  const { models } = JSON.parse(await readFile(path.join(root, 'meshy-lock.json'), 'utf8')) as {
    models: Record<string, { derived: Record<string, { sha256: string }> }>
  }
  return Object.values(models)
    .flatMap(({ derived }) => Object.values(derived).map(({ sha256 }) => sha256))
    .sort()
}
