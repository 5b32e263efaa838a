import path from 'node:path'
import { cloneOf, commit, differences, takePackages, treeOf } from './clones.mjs'
import { expectRun, git, npm, npx } from './commands.mjs'
import { checkFormatters } from './formatters.mjs'
import { waitForModel, withPage } from './pages.mjs'
import { withServer, withSite } from './servers.mjs'

/**
 * The columns of the matrix, in the order in which they are tried. Each returns the contents of its cell, or throws.
 */
export const CELLS = { plan, generate, build, types, page, dev }

const scriptOf = ({ project: { build = 'build' } }) => build

/** Sends nothing, and changes no file of the project, nor what tools keep beside it. */
async function plan(trial) {
  const { cwd, env, emulator } = trial
  const before = await treeOf(cwd)
  const words = ['unplugin-meshy', 'plan', '--', 'npm', 'run', scriptOf(trial)]
  const output = await npx(cwd, words, { env, code: 3 })
  if (!output.includes('1 model, 30 credits')) throw new Error(`The model is not listed:\n${output}`)
  if (emulator.counts.total !== 0) throw new Error(`${emulator.counts.total} requests were sent.`)
  const changed = differences(before, await treeOf(cwd))
  const status = await git(cwd, ['status', '--porcelain'])
  if (changed.length > 0 || status !== '') throw new Error(`The project has changed: ${changed}\n${status}`)
  return 'lists, changes nothing'
}

/** What it says to commit is committed, and nothing else may be left over. On an emulator it only mentions types. */
async function generate(trial) {
  const { cwd, env, emulator } = trial
  const words = ['unplugin-meshy', 'generate', '--', 'npm', 'run', scriptOf(trial)]
  const output = await npx(cwd, words, { env })
  expectPosts(emulator, 1)
  const lines = output.replaceAll(/\n[│ ]+/g, ' ')
  const told = [...lines.matchAll(/ in `?([^`\s]+)`?; commit it/g)].map(([, file]) => file)
  await commit(cwd, ['--', 'meshy-lock.json', '.meshy', ...told])
  const left = await git(cwd, ['status', '--porcelain'])
  if (left !== '') throw new Error(`These changes are left, which it did not say to commit:\n${left}`)
  return 'pays once'
}

/** A clone elsewhere gives the same bytes, without a key. Models of an emulator are not those of the service. */
async function build(trial) {
  const { cwd, second, emulator, project } = trial
  const site = (clone) => treeOf(path.join(clone, project.site), project.plain)
  const before = await site(cwd)
  await cloneOf(cwd, second)
  await buildFrozen(trial)
  const after = await site(second)
  expectPosts(emulator, 1)
  if (![...after.keys()].some(isModel)) throw new Error(`No model in ${[...after.keys()].join('\n')}`)
  if (differences(before, after).length === 0) return 'frozen, same bytes'
  await buildFrozen(trial)
  const again = await site(second)
  const lasting = [...after].filter(([name, hash]) => isModel(name) || again.get(name) === hash)
  const others = lasting.filter(([name, hash]) => before.get(name) !== hash)
  if (others.length > 0 || before.size !== after.size) throw new Error(`Other bytes: ${others.join('\n')}`)
  return `frozen, same bytes, except for its own stamps${project.plain ? ' and numbers' : ''}`
}

const isModel = (name) => name.endsWith('.glb')

async function buildFrozen(trial) {
  const { MESHY_API_KEY: _, ...bare } = trial.env
  const env = { ...bare, XDG_CACHE_HOME: `${bare.XDG_CACHE_HOME}-of-another`, MESHY_MODE: 'frozen' }
  await npm(trial.second, ['run', scriptOf(trial)], { env })
}

/** The check that the template has, or that its framework provides. */
async function types({ second, project: { check, typed } }) {
  const words = check.split(' ')
  await expectRun(second, words[0] === 'npm' ? words : ['npx', ...words])
  await checkFormatters(second)
  return `\`${check}\` passes${typed ? ', and so does the build' : ''}`
}

async function page({ second, browser, project }) {
  const { serve, site, open = '' } = project
  const see = (url) => withPage(browser, url + open, (opened) => waitForModel(opened, 'ready'))
  const url = await (serve ? withServer(second, serve, {}, see) : withSite(path.join(second, site), see))
  if (!/hero[-.][\w-]{8,}\.glb$/.test(url)) throw new Error(`The URL of the model is ${url}`)
  return 'shows it'
}

/** From the first commit again: a stand-in at once, the model after approval, without a manual reload. */
async function dev(trial) {
  const { cwd, second, third, browser, project, emulator, first } = trial
  const env = { ...trial.env, XDG_CACHE_HOME: `${trial.env.XDG_CACHE_HOME}-of-dev` }
  await takePackages(second, cwd)
  await cloneOf(cwd, third, first)
  const { open = '' } = project
  const paid = emulator.counts.posts
  return withServer(third, project.dev, env, (url, output) =>
    withPage(browser, url + open, async (opened) => {
      await waitForModel(opened, 'preview')
      expectPosts(emulator, paid)
      if (project.yes === 'command') await npx(third, ['unplugin-meshy', 'generate'], { env })
      else await sayYes(url, output())
      await waitForModel(opened, 'ready')
      return project.yes === 'command' ? 'stand-in, `generate`, model' : 'stand-in, approval, model'
    }),
  )
}

/** Acts like the button of the inspector, whose address the server has printed. */
async function sayYes(url, output) {
  const [, place] = /open (\S*__meshy\/)/i.exec(output) ?? []
  if (!place) throw new Error('The server has not said where to approve.')
  const page = new URL(place, url)
  const html = await (await fetch(page)).text()
  const token = /name="meshy-token" content="([\w-]+)"/.exec(html)?.[1]
  const { models } = await (await fetch(new URL('assets.json', page))).json()
  const answer = await fetch(new URL('generate', page), {
    method: 'POST',
    headers: { origin: url, 'x-meshy-token': token ?? '', 'content-type': 'application/json' },
    body: JSON.stringify({ keys: models.map(({ id }) => id) }),
  })
  if (!answer.ok) throw new Error(`The approval was answered with ${answer.status}: ${await answer.text()}`)
}

function expectPosts({ counts }, wanted) {
  if (counts.posts !== wanted) throw new Error(`${counts.posts} models were paid for, expected ${wanted}`)
}
