import path from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { compileSources } from '../support/compiled.ts'
import { freePort } from '../support/free-port.ts'
import { REPOSITORY, type Project } from '../support/project.ts'
import { hasTerminals, openTerminal } from '../support/terminal.ts'
import { startDev } from './dev-server.ts'
import { emulate, makeProject, paying, VITES, type ViteName } from './harness.ts'

const FILES = {
  'main.js': [
    `import villain from './villain.png?meshy'`,
    `import hero from './hero.png?meshy&poly=900'`,
    `console.log(hero, villain)`,
    '',
  ].join('\n'),
  'late.js': `import late from './late.png?meshy'\nconsole.log(late)\n`,
}
const PICTURES = { 'villain.png': 'dragon.png', 'late.png': 'car.png' }
const PACKAGES: Record<ViteName, string> = { 'Vite 8': 'vite', 'Vite 7': 'vite7', 'Vite 6': 'vite6' }

describe.each(VITES)('the yes in the terminal of %s', (vite) => {
  it.skipIf(!hasTerminals)('is the key g, and holds for what was asked alone', async () => {
    const emulator = await emulate()
    const project = await makeProject({ files: FILES, pictures: PICTURES })
    const { url: baseUrl, apiKey } = emulator
    await writeConfig(project, { baseUrl, apiKey })
    const bin = path.join(REPOSITORY, 'node_modules', PACKAGES[vite], 'bin', 'vite.js')
    const command = `"${process.execPath}" "${bin}" --host 127.0.0.1 --port ${await freePort()}`
    const terminal = openTerminal(command, { cwd: project.root, env: {} })
    onTestFinished(() => terminal.interrupt())
    const [url = ''] = await terminal.shows(/http:\/\/127\.0\.0\.1:\d+/)
    const open = async (module: string) => {
      const code = await (await fetch(`${url}/${module}`)).text()
      const imports = [...code.matchAll(/from "(\/[^"]*meshy=[^"]*)"/g)].map(([, id]) => id ?? '')
      for (const id of imports) await fetch(`${url}${id}`)
    }

    await open('main.js')
    await terminal.shows(/hero\.png, villain\.png: 60 credits\. Press g to generate, or open \/__meshy\//)
    expect(emulator.counts.total).toBe(0)
    terminal.type('g\n')
    await terminal.shows(/hero\.png is ready/)
    await terminal.shows(/villain\.png is ready/)
    expect(emulator.counts.posts).toBe(2)
    await open('late.js')
    await terminal.shows(/late\.png: 30 credits/)

    expect(emulator.counts.posts).toBe(2)
    terminal.type('h\n')
    await terminal.shows(/press g \+ enter to generate the models that are asked for/)
  })

  it('generates what was asked for when the shortcut runs, also after a restart', async () => {
    const emulator = await emulate()
    const project = await makeProject({ files: FILES, pictures: PICTURES })
    const dev = await startDev(vite, project, { meshy: { ...paying(emulator), mode: 'ask' } })
    await dev.server.restart()
    await dev.model('/late.js')
    await dev.told(/30 credits/)
    const plugin = dev.server.config.plugins.find(({ name }) => name === 'unplugin-meshy')

    const keys = await plugin?.api.agree()

    expect(keys).toHaveLength(1)
    await dev.told(/late\.png is ready/)
    expect(await plugin?.api.agree()).toEqual([])
    expect(emulator.counts.posts).toBe(1)
  })
})

async function writeConfig(project: Project, options: object): Promise<void> {
  const { vite } = await compileSources()
  await project.write({
    'vite.config.mjs': `import meshy from ${JSON.stringify(vite)}\nexport default { plugins: [meshy(${JSON.stringify(options)})] }\n`,
  })
}
