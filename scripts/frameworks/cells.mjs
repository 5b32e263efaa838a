import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { git, npm, npx } from './commands.mjs'
import { waitForModel, withPage } from './pages.mjs'
import { withServer, withSite } from './servers.mjs'

/** The columns of the matrix, in the order in which they are tried. Each returns what its cell says, or throws. */
export const CELLS = { plan, generate, build, types, page, dev }

async function plan({ cwd, env, emulator }) {
  const output = await npx(cwd, ['unplugin-meshy', 'plan', '--', 'npm', 'run', 'build'], { env, code: 3 })
  if (!output.includes('1 model, 30 credits')) throw new Error(`The model is not listed:\n${output}`)
  expectPosts(emulator, 0)
  const changed = await git(cwd, ['status', '--porcelain', '--ignored', '--', '.', ':!node_modules'])
  if (changed !== '') throw new Error(`The project has changed: ${changed}`)
  return 'lists, changes nothing'
}

async function generate({ cwd, env, emulator }) {
  await npx(cwd, ['unplugin-meshy', 'generate', '--', 'npm', 'run', 'build'], { env })
  expectPosts(emulator, 1)
  return 'pays once'
}

/** What was committed, and nothing else, gives the same bytes, without a key. Models of an emulator are not those of the service. */
async function build(trial) {
  const { cwd, emulator, env } = trial
  const { MESHY_API_KEY: _, ...bare } = { ...env, XDG_CACHE_HOME: `${env.XDG_CACHE_HOME}-of-another` }
  const before = await modelsOf(trial)
  await git(cwd, ['add', '--all'])
  await git(cwd, ['commit', '--quiet', '--message', 'models'])
  await git(cwd, ['clean', '-fdxq', '--exclude', 'node_modules'])
  await npm(cwd, ['run', 'build'], { env: { ...bare, MESHY_MODE: 'frozen' } })
  const after = await modelsOf(trial)
  if (before === '' || before !== after) throw new Error(`Before:\n${before}\nAfter:\n${after}`)
  expectPosts(emulator, 1)
  return 'frozen, same bytes'
}

/** What the build of a TypeScript project begins with. */
async function types({ cwd, project }) {
  if (!project.typed) return 'plain JavaScript'
  const manifest = JSON.parse(await readFile(path.join(cwd, 'package.json'), 'utf8'))
  const [check] = manifest.scripts.build.split(' && ')
  await npx(cwd, [...check.split(' '), '--force'])
  return `\`${check}\` passes`
}

async function page({ cwd, browser, project }) {
  const open = (url) => withPage(browser, url, (opened) => waitForModel(opened, 'ready'))
  const { serve, site } = project
  const url = await (serve ? withServer(cwd, serve, {}, open) : withSite(path.join(cwd, site), open))
  if (!/hero[-.][\w-]{8,}\.glb$/.test(url)) throw new Error(`The URL of the model is ${url}`)
  return 'shows it'
}

/** From the first commit again: a stand-in at once, the model after a yes, without a reload by hand. */
async function dev({ cwd, env, browser, project, emulator, first }) {
  await git(cwd, ['checkout', '--quiet', first])
  await git(cwd, ['clean', '-fdxq', '--exclude', 'node_modules'])
  const paid = emulator.counts.posts
  return withServer(cwd, project.dev, env, (url) =>
    withPage(browser, url, async (opened) => {
      await waitForModel(opened, 'preview')
      expectPosts(emulator, paid)
      if (project.yes === 'command') await npx(cwd, ['unplugin-meshy', 'generate'], { env })
      else await sayYes(url)
      await waitForModel(opened, 'ready')
      return 'stand-in, yes, model'
    }),
  )
}

/** As the button of the inspector does. */
async function sayYes(url) {
  const html = await (await fetch(`${url}/__meshy/`)).text()
  const token = /name="meshy-token" content="([\w-]+)"/.exec(html)?.[1]
  const { models } = await (await fetch(`${url}/__meshy/assets.json`)).json()
  const answer = await fetch(`${url}/__meshy/generate`, {
    method: 'POST',
    headers: { origin: url, 'x-meshy-token': token ?? '', 'content-type': 'application/json' },
    body: JSON.stringify({ keys: models.map(({ id }) => id) }),
  })
  if (!answer.ok) throw new Error(`The yes was answered by ${answer.status}: ${await answer.text()}`)
}

async function modelsOf({ cwd, project: { site = '.next/static' } }) {
  const lines = []
  for (const file of await readdir(path.join(cwd, site), { recursive: true })) {
    if (!file.endsWith('.glb')) continue
    const bytes = await readFile(path.join(cwd, site, file))
    lines.push(`${file} ${createHash('sha256').update(bytes).digest('hex')}`)
  }
  return lines.sort().join('\n')
}

function expectPosts({ counts }, wanted) {
  if (counts.posts !== wanted) throw new Error(`${counts.posts} models were paid for, expected ${wanted}`)
}
