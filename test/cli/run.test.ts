import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { main } from '../../src/cli/main.ts'
import { REPOSITORY } from '../support/project.ts'
import manifest from '../../package.json' with { type: 'json' }
import { jsonError, runCli, spawnCli, viteProject } from './harness.ts'

describe('the command line', () => {
  it('prints its version, and help for every command', async () => {
    const [version, help, ofCommand, below] = await Promise.all(
      [['--version'], ['--help'], ['forget', '--help'], ['tasks', 'wait', '--help']].map((args) =>
        spawnCli(args),
      ),
    )

    expect(version).toEqual({ code: 0, stdout: `${manifest.version}\n`, stderr: '' })
    expect(help?.stdout).toContain('adopt')
    expect(ofCommand?.stdout).toContain('--json')
    expect(below).toMatchObject({ code: 0, stdout: expect.stringContaining('TASK') })
  })

  it.each(['plan', 'generate'])('tells in the help of `%s` that it takes a build command', async (name) => {
    const { stdout } = await spawnCli([name, '--help'])

    expect(stdout).toContain(`unplugin-meshy ${name} [OPTIONS] [-- <command>]`)
    expect(stdout).toContain('`npm run build`')
  })

  it.each([
    [[]],
    [['nothing']],
    [['tasks', 'nothing']],
    [['status', '--yes']],
    [['status', 'x']],
    [['adopt', 'id']],
    [['status', '--cwd', '/nowhere/at/all']],
    [['status', '--root', 'package.json']],
  ])('is a usage error with %j, told on stderr', async (args) => {
    const { code, stdout, stderr } = await spawnCli(args)

    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).not.toBe('')
  })

  it.each([
    [['prune', '--yes=no']],
    [['tasks', 'delete', 'id', '--force=0']],
    [['status', '--no-cwd']],
    [['report', '--no-out']],
    [['prune', '']],
    [['prune', '--all', '--yes']],
    [['prune', '--machine', '.']],
    [['verify', '--fetch', '--stores']],
    [['merge', 'base', 'ours', 'theirs']],
    [['tasks', 'show', '']],
    [['plan', '--', '']],
    [['plan', '--config', 'nowhere.ts']],
    [['generate', '--mode', 'staging', '--', 'npm', 'run', 'build']],
  ])('does nothing with %j: no part of it is ignored', async (args) => {
    const { code, stdout, stderr } = await runCli(args)

    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).not.toBe('')
  })

  it('lists the commands below one in its help', async () => {
    const { stdout } = await spawnCli(['tasks', '--help'])

    for (const name of ['list', 'show', 'wait', 'delete']) expect(stdout).toContain(`${name} `)
  })

  it.each(['plan', 'generate'])('tells `%s` where a build command belongs', async (name) => {
    const { code, stderr } = await spawnCli([name, 'npm', 'run', 'build'])

    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining(`\`npx unplugin-meshy ${name} -- npm run build\``),
    ])
  })

  it('names the nearest command and option', async () => {
    expect((await spawnCli(['statsu'])).stderr).toContain('`status`')
    expect((await spawnCli(['status', '--jsn'])).stderr).toContain('`--json`')
  })

  it('tells an expected failure without a stack, and with one when it is asked for', async () => {
    const { root: cwd } = await viteProject()

    const brief = await spawnCli(['forget', './none.png?meshy'], { cwd })
    const verbose = await spawnCli(['forget', './none.png?meshy', '--verbose'], { cwd })

    expect([brief.code, verbose.code]).toEqual([1, 1])
    expect(brief.stderr).toContain('[MESHY_IMAGE_NOT_FOUND]')
    expect(brief.stderr).not.toMatch(/^\s+at /m)
    expect(verbose.stderr).toMatch(/^\s+at /m)
  })

  it.each([
    ['its config is broken', { 'vite.config.js': 'throw new TypeError("no config")\n' }],
    ['its sources are broken', { 'main.js': 'import "./nowhere.js"\n' }],
  ])('tells a project apart from a bug of ours when %s', async (_, files) => {
    const { root: cwd } = await viteProject({ files })

    const finished = await spawnCli(['plan', '--json'], { cwd })

    expect(finished.code).toBe(1)
    expect(jsonError(finished)).toMatchObject({ code: 'MESHY_BUILD_FAILED' })
  })
})

describe('the documentation', () => {
  it('describes every command, and no other', async () => {
    const text = await readFile(path.join(REPOSITORY, 'docs', 'cli.md'), 'utf8')
    const described = [...text.matchAll(/^### `([a-z]+)/gm)].map(([, name]) => name)

    expect(described.toSorted()).toEqual(Object.keys(main.subCommands ?? {}).toSorted())
  })

  it('runs only commands that exist', async () => {
    const folder = path.join(REPOSITORY, 'docs')
    const names = (await readdir(folder, { recursive: true })).filter((name) => /\.(md|yml)$/.test(name))
    const texts = await Promise.all(names.map((name) => readFile(path.join(folder, name), 'utf8')))
    const used = texts.flatMap((text) =>
      [...text.matchAll(/npx unplugin-meshy ([a-z]+)/g)].map(([, name]) => name),
    )

    expect(used.length).toBeGreaterThan(5)
    expect(used.filter((name) => !Object.hasOwn(main.subCommands ?? {}, name ?? ''))).toEqual([])
  })
})
