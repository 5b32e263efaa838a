// Installs a packed package in a separate project, and builds a model with it against the emulator, twice: `node
// scripts/try-package.mjs unplugin-meshy-1.2.3.tgz`. Fails if the second build pays, or gives other bytes.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

const [tarball] = process.argv.slice(2)
if (!tarball) throw new Error('Usage: node scripts/try-package.mjs <package.tgz>')
const project = mkdtempSync(path.join(tmpdir(), 'meshy-package-'))
const write = (name, text) => writeFileSync(path.join(project, name), text)

write('package.json', JSON.stringify({ private: true, type: 'module' }))
write('index.html', '<script type="module" src="./main.js"></script>')
write('main.js', "import hero from './hero.png?meshy&poly=900'\nconsole.log(hero.url, hero.metadata.state)\n")
write('vite.config.js', "import meshy from 'unplugin-meshy/vite'\nexport default { plugins: [meshy()] }\n")
copyFileSync('playground/images/robot.png', path.join(project, 'hero.png'))
const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
execFileSync(npm, ['install', '--no-audit', '--no-fund', path.resolve(tarball), 'vite@^7'], {
  cwd: project,
  stdio: 'inherit',
})

const { resolve } = createRequire(path.join(project, 'package.json'))
const { startEmulator } = await import(pathToFileURL(resolve('unplugin-meshy/emulator')).href)
const { build } = await import(pathToFileURL(resolve('vite')).href)
const emulator = await startEmulator({ models: 'card' })
Object.assign(process.env, {
  MESHY_API_KEY: emulator.apiKey,
  MESHY_BASE_URL: emulator.url,
  MESHY_MACHINE_STORE: 'false',
})
process.chdir(project)
const digests = []
for (const mode of ['generate', 'frozen']) {
  process.env.MESHY_MODE = mode
  await build({ root: project, logLevel: 'warn' })
  const assets = path.join(project, 'dist/assets')
  const model = readdirSync(assets).find((name) => name.endsWith('.glb'))
  if (!model) throw new Error(`The build in \`${mode}\` emitted no model.`)
  digests.push(
    createHash('sha256')
      .update(readFileSync(path.join(assets, model)))
      .digest('hex'),
  )
}
const { posts } = emulator.counts
await emulator.close()
if (posts !== 1) throw new Error(`Two builds sent ${posts} requests to generate; expected 1.`)
if (digests[0] !== digests[1]) throw new Error('Two builds gave different bytes.')
console.log(`Node ${process.versions.node}: one model, paid once, the same bytes twice.`)
