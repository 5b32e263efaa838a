import { mkdir, utimes, writeFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { readConfig } from '../../src/pipeline/config.ts'
import { findProject } from '../../src/pipeline/project.ts'
import { useTempDir } from '../support/temp-dir.ts'

describe('findProject', () => {
  const { path } = useTempDir()

  async function write(...files: string[]): Promise<void> {
    await mkdir(path('repo', 'packages', 'web'), { recursive: true })
    for (const file of files) await writeFile(path('repo', file), '{}')
  }

  it.each([
    ['the root itself when nothing is there', [], 'packages/web', undefined],
    [
      'the root with a lockfile',
      ['packages/web/meshy-lock.json', 'meshy-lock.json'],
      'packages/web',
      undefined,
    ],
    ['a folder above with a lockfile', ['meshy-lock.json'], '.', undefined],
    ['a folder above with a config file', ['meshy.config.ts'], '.', 'meshy.config.ts'],
    ['the nearest one', ['meshy.config.json', 'packages/meshy-lock.json'], 'packages', undefined],
    ['a folder with both', ['meshy.config.mjs', 'meshy-lock.json'], '.', 'meshy.config.mjs'],
  ])('finds %s', async (_, files, dir, configFile) => {
    await write(...files)

    expect(findProject(path('repo', 'packages', 'web'))).toEqual({
      dir: path('repo', dir),
      configFile: configFile && path('repo', configFile),
    })
  })
})

describe('readConfig', () => {
  const { path } = useTempDir()

  it('gives no options when there is no file', async () => {
    expect(await readConfig({ dir: path(), configFile: undefined })).toEqual({})
  })

  it.each([
    ['meshy.config.ts', 'const maxCredits: number = 60\nexport default { maxCredits }\n'],
    ['meshy.config.mjs', 'export default { maxCredits: 60 }\n'],
    ['meshy.config.mts', 'const maxCredits: number = 60\nexport default { maxCredits }\n'],
    ['meshy.config.js', 'export default { maxCredits: 60 }\n'],
    ['meshy.config.json', '{ "maxCredits": 60 }\n'],
  ])('reads %s, and reads it again when it was saved', async (name, text) => {
    await writeFile(path(name), text)
    const before = await readConfig(findProject(path()))

    await writeFile(path(name), text.replace('60', '90'))
    await utimes(path(name), new Date(), new Date(Date.now() + 5000))

    expect([before, await readConfig(findProject(path()))]).toEqual([{ maxCredits: 60 }, { maxCredits: 90 }])
  })

  it('reads a file that begins with a byte order mark', async () => {
    await writeFile(path('meshy.config.json'), '\uFEFF{ "maxCredits": 60 }')

    expect(await readConfig(findProject(path()))).toEqual({ maxCredits: 60 })
  })

  it.each([
    ['meshy.config.mjs', 'export default () => ({ maxCredits: 60 })', '`function`'],
    ['meshy.config.mjs', 'export const maxCredits = 60', '`undefined`'],
    ['meshy.config.json', 'null', '`null`'],
  ])('refuses %s that gives no object: %s', async (name, text, kind) => {
    await writeFile(path(name), text)

    await expect(readConfig(findProject(path()))).rejects.toMatchObject({
      code: 'MESHY_OPTIONS_INVALID',
      message: expect.stringContaining(`it gives ${kind}; expected an object`),
    })
  })

  it('names the file that cannot be loaded', async () => {
    await writeFile(path('meshy.config.mjs'), 'export default {')

    await expect(readConfig(findProject(path()))).rejects.toMatchObject({
      code: 'MESHY_OPTIONS_INVALID',
      message: expect.stringContaining('meshy.config.mjs'),
    })
  })
})
