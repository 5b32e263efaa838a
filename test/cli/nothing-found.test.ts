import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { initRepository } from '../support/git.ts'
import { runCli, viteProject } from './harness.ts'

/** What each command says of a build, or a lockfile, that has no models. */
const COMMANDS: [string, string[], (root: string) => string][] = [
  ['plan', ['plan'], (root) => `imports no models. Looked in \`${root}\``],
  ['generate', ['generate'], (root) => `imports no models. Looked in \`${root}\``],
  ['report', ['report'], (root) => `imports no models. Looked in \`${root}\``],
  ['prune', ['prune'], (root) => `imports no models. Looked in \`${root}\``],
  [
    'plan of a config',
    ['plan', '--config', 'vite.config.js'],
    (root) => `Looked in \`${path.join(root, 'vite.config.js')}\``,
  ],
  ['types', ['types'], (root) => `below \`${root}\` import no models`],
  ['status', ['status'], (root) => `Looked in \`${path.join(root, 'meshy-lock.json')}\``],
  ['diff', ['diff'], (root) => `Looked in \`${path.join(root, 'meshy-lock.json')}\``],
]

describe('a command that finds nothing says where it looked', () => {
  it.each(COMMANDS)('%s', async (_, args, place) => {
    const project = await viteProject({ files: { 'main.js': 'console.log(1)\n' } })
    const { root: cwd } = project
    await (await initRepository(project)).commitAll('a page')

    const { code, stdout, stderr } = await runCli(args, { cwd })

    expect({ code, told: stdout + stderr }).toEqual({ code: 0, told: expect.stringContaining(place(cwd)) })
  })
})
