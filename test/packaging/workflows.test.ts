import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { parse } from 'yaml'
import { startEmulator } from '../../src/emulator.ts'
import { initRepository } from '../support/git.ts'
import { createProject, mustSucceed, REPOSITORY, type Project } from '../support/project.ts'
import { installTarball } from '../support/tarball.ts'

interface Step {
  run?: string
  env?: Record<string, string>
  uses?: string
  with?: Record<string, string>
}

/** What stands for the service that runs the workflows: values of its expressions, and a variable for each job. */
interface Runner {
  values: Record<string, string>
  env: Record<string, string>
}

const BRANCH = 'picture'

describe('the workflows of docs/ci.md', () => {
  it('generate on a pull request, commit, and build frozen from a fresh clone', async () => {
    const emulator = await startEmulator({ taskMs: 30, pendingMs: 5 })
    onTestFinished(() => emulator.close())
    const { origin, base, head } = await makePullRequest()
    const { folder, env, called } = await fakeGitHub()
    const artifact = path.join(folder, 'models')
    const values = {
      'secrets.MESHY_API_KEY': emulator.apiKey,
      'github.token': 'token',
      'github.event.pull_request.number': '7',
      'github.event.pull_request.base.sha': base,
      'github.event.pull_request.head.ref': BRANCH,
      'runner.temp': folder,
    }
    const runner = { values, env: { ...env, MESHY_BASE_URL: emulator.url } }

    const generating = await clone(origin, head)
    const outputs = await runJob(generating, await stepsOf('meshy-generate.yml', 'generate'), runner)
    await upload(generating, artifact, await stepsOf('meshy-generate.yml', 'generate'))
    await runJob(await clone(origin, head), await stepsOf('meshy-generate.yml', 'commit'), runner)
    const posts = emulator.counts.posts
    const building = await clone(origin, BRANCH)
    const frozen = await runJob(building, await stepsOf('meshy-frozen.yml', 'build'), runner)

    expect(outputs.join('\n')).toContain('1 model, 30 credits spent')
    expect(await called()).toMatch(/pr comment 7[^]*pr edit 7 --remove-label generate models/)
    expect(frozen.join('\n')).toContain('1 model, 0 credits')
    expect([posts, emulator.counts.posts]).toEqual([1, 1])
  }, 300_000)
})

/** A repository that others clone, with a branch that adds a picture and its import. */
async function makePullRequest(): Promise<{ origin: string; base: string; head: string }> {
  const project = await kept(
    await createProject({
      files: {
        'index.html': '<!doctype html><body><script type="module" src="./main.js"></script></body>',
        'main.js': 'document.title = "none yet"\n',
        'vite.config.js': `import meshy from 'unplugin-meshy/vite'\nexport default { plugins: [meshy()] }\n`,
        '.gitignore': 'node_modules\ndist\n',
      },
      pictures: { 'hero.png': 'robot.png' },
    }),
  )
  await installTarball(project, ['--package-lock-only'])
  const manifest = JSON.parse(await readFile(path.join(project.root, 'package.json'), 'utf8')) as object
  await project.write({ 'package.json': { ...manifest, scripts: { build: 'vite build' } } })
  const { git, commitAll } = await initRepository(project)
  await commitAll('project')
  const base = (await git('rev-parse', 'HEAD')).trim()
  await git('checkout', '--quiet', '-b', BRANCH)
  await project.write({
    'main.js': `import hero from './hero.png?meshy&poly=500'\ndocument.title = hero.url\n`,
  })
  await commitAll('picture')
  const head = (await git('rev-parse', 'HEAD')).trim()
  const bare = await kept(await createProject())
  const origin = path.join(bare.root, 'origin.git')
  await git('clone', '--quiet', '--bare', project.root, origin)
  return { origin, base, head }
}

/** What `actions/checkout` does. */
async function clone(origin: string, ref: string): Promise<Project> {
  const project = await kept(await createProject())
  await mustSucceed(project.run('git', ['clone', '--quiet', origin, '.']))
  await mustSucceed(project.run('git', ['checkout', '--quiet', ref]))
  return project
}

/** A folder for a job's temporary files, and a `gh` that writes down how it was called. */
async function fakeGitHub() {
  const { root: folder } = await kept(await createProject())
  const log = path.join(folder, 'called')
  await mkdir(path.join(folder, 'bin'))
  await writeFile(path.join(folder, 'bin', 'gh'), `#!/bin/sh\necho "$@" >> '${log}'\n`, { mode: 0o755 })
  const PATH = `${path.join(folder, 'bin')}${path.delimiter}${process.env['PATH'] ?? ''}`
  return { folder, env: { PATH, npm_config_prefer_offline: 'true' }, called: () => readFile(log, 'utf8') }
}

async function stepsOf(file: string, job: string): Promise<Step[]> {
  const text = await readFile(path.join(REPOSITORY, 'docs', 'workflows', file), 'utf8')
  const { jobs } = parse(text) as { jobs: Record<string, { steps: Step[] }> }
  return jobs[job]?.steps ?? []
}

/** Runs what the steps of a job run, as GitHub does; returns what each printed. */
async function runJob(project: Project, steps: readonly Step[], { values, env }: Runner): Promise<string[]> {
  const fill = (text: string) =>
    text.replaceAll(/\$\{\{ (.*?) \}\}/g, (_, name: string) => values[name] ?? '')
  const outputs: string[] = []
  for (const { run, env: own = {} } of steps) {
    if (run === undefined) continue
    const variables = Object.entries(own).map(([name, value]) => [name, fill(String(value))] as const)
    const options = { env: { CI: 'true', ...env, ...Object.fromEntries(variables) } }
    const { stdout, stderr } = await mustSucceed(project.run('bash', ['-e', '-c', fill(run)], options))
    outputs.push(stdout + stderr)
  }
  return outputs
}

/** What `actions/upload-artifact` keeps, and `actions/download-artifact` puts where the other job looks. */
async function upload({ root }: Project, artifact: string, steps: readonly Step[]): Promise<void> {
  const names = steps.find(({ uses }) => uses?.startsWith('actions/upload-artifact'))?.with?.['path'] ?? ''
  for (const name of names.trim().split('\n')) {
    await cp(path.join(root, name), path.join(artifact, name), { recursive: true })
  }
}

async function kept(project: Project): Promise<Project> {
  onTestFinished(() => project.remove())
  return project
}
