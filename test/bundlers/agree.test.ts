import path from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { COMPILED } from '../support/compiled.ts'
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
  'later.js': `import later from './later.png?meshy'\nconsole.log(later)\n`,
}
const PICTURES = { 'villain.png': 'dragon.png', 'late.png': 'car.png', 'later.png': 'pig.png' }
const PACKAGES: Record<ViteName, string> = { 'Vite 8': 'vite', 'Vite 7': 'vite7', 'Vite 6': 'vite6' }

describe.each(VITES)('the yes in the terminal of %s', (vite) => {
  it.skipIf(!hasTerminals)(
    'is the key g, holds for what was asked alone, and is told by what works after a restart',
    async () => {
      const { emulator, terminal, open } = await serveInTerminal(vite)

      await open('main.js')
      await terminal.shows(
        /hero\.png, villain\.png: 60 credits\. Press g \+ Enter to generate, or open \/__meshy\//,
      )
      expect(emulator.counts.total).toBe(0)
      terminal.type('g\n')
      await terminal.shows(/hero\.png is ready/)
      await terminal.shows(/villain\.png is ready/)
      expect(emulator.counts.posts).toBe(2)
      await open('late.js')
      await terminal.shows(/late\.png: 30 credits/)

      expect(emulator.counts.posts).toBe(2)
      terminal.type('h\n')
      await terminal.shows(/press g \+ enter to generate the models that need approval/)

      terminal.type('r\n')
      await terminal.shows(/server restarted/)
      await open('later.js')
      // Vite 6 does not tell a new server that the keys of the one before are kept.
      const told = vite === 'Vite 6' ? /later\.png: \d+ credits\. Open/ : /later\.png: \d+ credits\. Press g/
      await terminal.shows(told)
    },
  )

  it.skipIf(!hasTerminals)('is no key where a framework serves in the terminal', async () => {
    const { terminal, open } = await serveInTerminal(vite, 'framework.mjs')

    await open('late.js')

    await terminal.shows(/late\.png: 30 credits\. Open \/__meshy\/ to generate\./)
  })

  it('is no key where the input is no terminal', async () => {
    const emulator = await emulate()
    const project = await makeProject({ files: FILES, pictures: PICTURES })
    const dev = await startDev(vite, project, { meshy: { ...paying(emulator), mode: 'ask' } })
    dev.server.bindCLIShortcuts({ print: true })

    await dev.model('/late.js')

    await dev.told(/late\.png: 30 credits\. Open \/__meshy\/ to generate\./)
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

/** A server in a terminal of its own: that of Vite's command line, or of a program. */
async function serveInTerminal(vite: ViteName, program?: string) {
  const emulator = await emulate()
  const project = await makeProject({ files: FILES, pictures: PICTURES })
  const { url: baseUrl, apiKey } = emulator
  await writeConfig(project, { baseUrl, apiKey })
  const folder = path.join(REPOSITORY, 'node_modules', PACKAGES[vite])
  const port = await freePort()
  if (program)
    await project.write({ [program]: frameworkCode(path.join(folder, 'dist/node/index.js'), port) })
  const command = program ?? `${path.join(folder, 'bin', 'vite.js')}" "--host" "127.0.0.1" "--port" "${port}`
  const terminal = openTerminal(`"${process.execPath}" "${command}"`, { cwd: project.root, env: {} })
  onTestFinished(() => terminal.interrupt())
  const [url = ''] = await terminal.shows(/http:\/\/127\.0\.0\.1:\d+/)
  const open = async (module: string) => {
    const code = await (await fetch(`${url}/${module}`)).text()
    const imports = [...code.matchAll(/from "(\/[^"]*meshy=[^"]*)"/g)].map(([, id]) => id ?? '')
    for (const id of imports) await fetch(`${url}${id}`)
  }
  return { emulator, terminal, open }
}

/** A framework in short: it listens by itself, and asks Vite for what it does not know. */
function frameworkCode(vite: string, port: number): string {
  return `import { createServer } from 'node:http'
import { createServer as createVite } from ${JSON.stringify(vite)}

const vite = await createVite({ server: { middlewareMode: true, ws: false } })
vite.bindCLIShortcuts()
createServer(vite.middlewares).listen(${port}, '127.0.0.1', () => console.log('http://127.0.0.1:${port}'))
`
}

async function writeConfig(project: Project, options: object): Promise<void> {
  await project.write({
    'vite.config.mjs': `import meshy from ${JSON.stringify(COMPILED.vite)}\nexport default { plugins: [meshy(${JSON.stringify(options)})] }\n`,
  })
}
