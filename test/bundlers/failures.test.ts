import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { build, emulate, failBuild, makeProject, modelsOf, paying } from './harness.ts'

const ENTRY = 'src/main.js'

describe.each(['Vite 8', 'Rollup 4'] as const)('a build with %s', (bundler) => {
  it('pays for no model when another import cannot be read', async () => {
    const emulator = await emulate()
    const project = await makeProject({
      pictures: { 'src/hero.png': 'robot.png', 'src/villain.png': 'trex.png' },
      files: { [ENTRY]: `import './hero.png?meshy'\nimport './villain.png?meshy&polly=1'\n` },
    })

    const error = await failBuild(bundler, project, { meshy: paying(emulator), entry: ENTRY })

    expect(error.message).toContain('[MESHY_DIRECTIVE_UNKNOWN]')
    expect(error.message).toContain('[MESHY_NOT_SUBMITTED]')
    expect(emulator.counts.total).toBe(0)
  })

  it('names image, code and next step when the service refuses a request', async () => {
    const emulator = await emulate({
      faults: [{ kind: 'status', status: 400, message: 'No.', on: 'create' }],
    })
    const project = await makeProject({ files: { 'main.js': `import './hero.png?meshy'\n` } })

    const error = await failBuild(bundler, project, { meshy: paying(emulator) })

    expect(error.message).toMatch(/main\.js:1: hero\.png: .*400.*\n {2}.*\[MESHY_API_REJECTED\]/)
  })

  it('shows code and next step, and no frame of ours, when an option is unknown', async () => {
    const emulator = await emulate()
    const project = await makeProject({ files: { 'main.js': `import './hero.png?meshy'\n` } })
    const meshy = { ...paying(emulator), maxCredit: 5 }

    const error = await failBuild(bundler, project, { meshy })

    expect(error.message).toContain('Did you mean `maxCredits`? [MESHY_OPTIONS_INVALID]')
    expect(error.stack).not.toContain('/src/run/')
  })

  it('keeps the model that was paid when a file beside it cannot be fetched', async () => {
    const isThumbnail = ({ path: file }: { path: string }) => file.endsWith('.png')
    const emulator = await emulate({ faults: [{ kind: 'expiredUrl', when: isThumbnail }] })
    const project = await makeProject({ files: { 'main.js': `import './hero.png?meshy&thumbnail'\n` } })
    await failBuild(bundler, project, { meshy: paying(emulator) })
    await writeFile(path.join(project.root, 'main.js'), `export { url } from './hero.png?meshy'\n`)
    vi.stubEnv('MESHY_API_KEY', undefined)

    const built = await build(bundler, project, { meshy: { ...paying(emulator), apiKey: undefined } })

    expect(modelsOf(built).size).toBe(1)
    expect(emulator.counts.posts).toBe(1)
  })
})
