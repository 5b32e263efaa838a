import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import type { RunningEmulator } from '../../src/emulator.ts'
import type { Project } from '../support/project.ts'
import { BAD_FILES, BAD_IMPORTS } from './bad-imports.ts'
import { build, BUNDLERS, emulate, failBuild, makeProject, paying } from './harness.ts'

const ENTRY = 'src/main.js'

describe.each(BUNDLERS)('one bad import in a build with %s', (bundler) => {
  it.each(BAD_IMPORTS.slice(0, 1))('fails it: $code', async ({ specifier, code, reason }) => {
    const { project, emulator } = await makeBadProject([specifier])

    const error = await failBuild(bundler, project, { meshy: paying(emulator), entry: ENTRY })

    expect(error.message).toContain(`[${code}]`)
    expect(error.message).toContain('src/main.js:3: ')
    expect(error.message).toContain(reason)
    expect(emulator.counts.total).toBe(0)
  })
})

describe.each(BUNDLERS)('several bad imports in a build with %s', (bundler) => {
  it('are all told in one error, in their order, with nothing sent', async () => {
    const { project, emulator } = await makeBadProject(BAD_IMPORTS.map(({ specifier }) => specifier))

    const error = await failBuild(bundler, project, { meshy: paying(emulator), entry: ENTRY })

    const told = error.message.split('\n\n').filter((paragraph) => paragraph.startsWith('src/main.js:'))
    expect(told).toEqual(
      BAD_IMPORTS.map(({ code, reason }, index) =>
        expect.toSatisfy(
          (text: string) =>
            text.startsWith(`src/main.js:${index + 3}: `) &&
            text.includes(reason) &&
            text.endsWith(`[${code}]`),
        ),
      ),
    )
    expect(error.message).toContain(`${BAD_IMPORTS.length} imports of models failed`)
    expect(emulator.counts.total).toBe(0)
  })

  it('say each thing once, and no path of the machine', async () => {
    const { project, emulator } = await makeBadProject(['./hero.png?meshy&poly=9', './missing.png?meshy'])

    const error = await failBuild(bundler, project, { meshy: paying(emulator), entry: ENTRY })

    const told = `${error.message}\n${error.stack?.replace(error.message, '')}`
    expect(told.match(/`poly` is `9`/g)).toHaveLength(1)
    expect(told.match(/does not exist/g)).toHaveLength(1)
    expect(error.message).not.toContain(project.root)
    expect(told).not.toContain('ENOENT')
  })

  it('leave nothing behind that would stop the next build', async () => {
    const { project, emulator } = await makeBadProject(['./hero.png?meshy&poly=9'])
    await failBuild(bundler, project, { meshy: paying(emulator), entry: ENTRY })
    await project.write({ [ENTRY]: `export { default } from '../hero.png?meshy&poly=900'\n` })

    await build(bundler, project, { meshy: paying(emulator), entry: ENTRY })

    expect(emulator.counts.posts).toBe(1)
  })
})

/** A project whose entry imports from line 3 on. */
async function makeBadProject(
  specifiers: string[],
): Promise<{ project: Project; emulator: RunningEmulator }> {
  const emulator = await emulate()
  const imports = specifiers.map(
    (specifier, index) => `import model${index} from ${JSON.stringify(specifier.replace('./', '../'))}\n`,
  )
  const names = specifiers.map((_, index) => `model${index}`)
  const project = await makeProject({
    files: {
      [ENTRY]: `// The first two lines\n// are comments.\n${imports.join('')}export default [${names.join()}]\n`,
    },
  })
  for (const [name, content] of Object.entries(BAD_FILES))
    await writeFile(path.join(project.root, name), content)
  return { project, emulator }
}
