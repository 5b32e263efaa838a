import { mkdir, symlink } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { resolveOptions } from '../../src/run/options.ts'
import type { Options, RunFacts } from '../../src/run/option-types.ts'
import { useTempDir } from '../support/temp-dir.ts'

interface Given extends Partial<RunFacts> {
  inline?: Options
  config?: Options
}

function resolve({ inline = {}, config = {}, ...facts }: Given = {}) {
  const run = { root: '/project/app', env: {}, live: false, underTest: false, ...facts }
  return resolveOptions(inline, config, {
    project: { dir: '/project', configFile: undefined, workspace: '/project' },
    ...run,
  })
}

describe('resolveOptions', () => {
  it('fills in every default', () => {
    expect(resolve()).toMatchObject({
      apiKey: undefined,
      baseUrl: 'https://api.meshy.ai',
      emulated: false,
      mode: 'generate',
      maxCredits: 300,
      cacheDir: '/project/.meshy',
      lockfile: '/project/meshy-lock.json',
      concurrency: 8,
      requestsPerSecond: 18,
      taskTimeout: 1_200_000,
    })
  })

  const env = { MESHY_API_KEY: 'msy_env', MESHY_BASE_URL: 'https://env.example' }
  it.each([
    ['the default', {}, undefined, 'https://api.meshy.ai'],
    ['the environment', { env }, 'msy_env', 'https://env.example'],
    [
      'the config file over the environment',
      { env, config: { apiKey: 'msy_config', baseUrl: 'https://config.example' } },
      'msy_config',
      'https://config.example',
    ],
    [
      'the code over all',
      {
        env,
        config: { apiKey: 'msy_config', baseUrl: 'https://config.example' },
        inline: { apiKey: 'msy_code', baseUrl: 'https://code.example' },
      },
      'msy_code',
      'https://code.example',
    ],
    [
      'what is given, where code says `undefined`',
      { env, inline: { apiKey: undefined } },
      'msy_env',
      'https://env.example',
    ],
  ])('takes key and address from %s', (_, given, apiKey, baseUrl) => {
    expect(resolve(given)).toMatchObject({ apiKey, baseUrl })
  })

  it.each([
    ['by nobody', { live: true }, false],
    ['in CI', { env: { CI: '1' } }, false],
    ['in code', { inline: { mode: 'preview' as const } }, true],
    ['in the config file', { config: { mode: 'preview' as const } }, true],
    ['in the environment', { env: { MESHY_MODE: 'preview' } }, true],
  ])('tells whether the mode was chosen: %s', (_, given, isModeChosen) => {
    expect(resolve(given)).toMatchObject({ isModeChosen })
  })

  it.each([
    ['a build', {}, 'generate'],
    ['a build without a key', { env: {} }, 'generate'],
    ['CI', { env: { CI: 'true', MESHY_API_KEY: 'msy_key' } }, 'frozen'],
    ['CI=1', { env: { CI: '1' } }, 'frozen'],
    ['CI=false', { env: { CI: 'false' } }, 'generate'],
    ['CI that is empty', { env: { CI: '' } }, 'generate'],
    ['dev with a key', { live: true, env: { MESHY_API_KEY: 'msy_key' } }, 'ask'],
    ['dev without a key', { live: true }, 'preview'],
    ['dev in CI', { live: true, env: { CI: '1', MESHY_API_KEY: 'msy_key' } }, 'frozen'],
    ['a test runner', { underTest: true, env: { MESHY_API_KEY: 'msy_key' } }, 'preview'],
    ['a test runner in CI', { underTest: true, env: { CI: '1' } }, 'frozen'],
    ['a mode in code, in CI', { inline: { mode: 'ask' as const }, env: { CI: '1' } }, 'ask'],
    ['a mode in code, under test', { inline: { mode: 'generate' as const }, underTest: true }, 'generate'],
    ['a mode in the config file', { config: { mode: 'plan' as const } }, 'plan'],
    [
      'MESHY_MODE over code',
      { inline: { mode: 'generate' as const }, env: { MESHY_MODE: 'frozen' } },
      'frozen',
    ],
    ['MESHY_MODE over CI', { env: { CI: '1', MESHY_MODE: 'generate' } }, 'generate'],
    ['MESHY_MODE under test', { underTest: true, env: { MESHY_MODE: 'generate' } }, 'generate'],
    ['MESHY_MODE that is empty', { inline: { mode: 'plan' as const }, env: { MESHY_MODE: '' } }, 'plan'],
  ])('chooses the mode for %s', (_, given, mode) => {
    expect(resolve(given).mode).toBe(mode)
  })

  it.each([
    [{}, 300],
    [{ config: { maxCredits: 50 } }, 50],
    [{ config: { maxCredits: 50 }, inline: { maxCredits: 60 } }, 60],
    [{ inline: { maxCredits: 60 }, env: { MESHY_MAX_CREDITS: '90' } }, 90],
    [{ inline: { maxCredits: 60 }, env: { MESHY_MAX_CREDITS: '0' } }, 0],
    [{ inline: { maxCredits: 0 } }, 0],
  ])('allows %j the right number of credits', (given, maxCredits) => {
    expect(resolve(given).maxCredits).toBe(maxCredits)
  })

  it.each([
    ['an unknown mode', { env: { MESHY_MODE: 'fast' } }, 'MESHY_MODE is `fast`'],
    ['credits that are no number', { env: { MESHY_MAX_CREDITS: 'all' } }, 'MESHY_MAX_CREDITS is `all`'],
    ['negative credits', { env: { MESHY_MAX_CREDITS: '-5' } }, 'MESHY_MAX_CREDITS is `-5`'],
    [
      'an unknown option',
      { inline: { maxCredit: 5 } as Options },
      'Unknown option `maxCredit` in the plugin options',
    ],
    [
      'an unknown option of the file',
      { config: { modes: 'ask' } as Options },
      'Unknown option `modes` in meshy.config',
    ],
    ['a value out of range', { inline: { concurrency: 0 } }, 'concurrency'],
    ['options that are none', { config: [] as Options }, 'Invalid options in meshy.config'],
    [
      'a switch that is none',
      { inline: { lockfile: true } as unknown as Options },
      '`lockfile` in the plugin options: Invalid input: expected a path or `false`, received `true`',
    ],
    [
      'a step without its function',
      { inline: { transforms: [{ name: 'center', version: 1 }] } as unknown as Options },
      'expected a function, received `undefined`',
    ],
    ['a plain http address', { inline: { baseUrl: 'http://api.example' } }, 'unencrypted'],
    ['an address that is none', { env: { MESHY_BASE_URL: 'api.meshy.ai' } }, 'not a URL'],
    ['a password in the address', { inline: { baseUrl: 'https://me:secret@api.example' } }, 'password'],
  ])('refuses %s', (_, given: Given, message) => {
    expect(() => resolve(given)).toThrow(
      expect.objectContaining({ code: 'MESHY_OPTIONS_INVALID', message: expect.stringContaining(message) }),
    )
  })

  it('suggests the option that was meant', () => {
    expect(() => resolve({ inline: { maxCredit: 5 } as Options })).toThrow(
      expect.objectContaining({ hint: 'Did you mean `maxCredits`?' }),
    )
  })

  it.each([
    ['http://127.0.0.1:8080', true],
    ['http://localhost:8080', true],
    ['http://[::1]:8080', true],
    ['https://127.0.0.1', true],
    ['https://gateway.example', false],
  ])('takes %s for an emulator: %s', (baseUrl, emulated) => {
    expect(resolve({ inline: { baseUrl } })).toMatchObject({ baseUrl, emulated })
    expect(resolve({ inline: { baseUrl, emulated: !emulated } }).emulated).toBe(!emulated)
  })

  it('takes the key of the environment without the line end that a file of secrets gives it', () => {
    expect(resolve({ env: { MESHY_API_KEY: ' msy_env\r\n' } }).apiKey).toBe('msy_env')
    expect(resolve({ env: { MESHY_API_KEY: '\n' } }).apiKey).toBeUndefined()
  })

  it('takes folders from the project, and no lockfile for `false`', () => {
    const options = resolve({ inline: { cacheDir: 'models', lockfile: false } })

    expect(options).toMatchObject({ cacheDir: '/project/models', lockfile: false, root: '/project/app' })
    expect(resolve({ inline: { cacheDir: '/shared' } }).cacheDir).toBe('/shared')
  })

  it('leaves the objects of the caller alone', () => {
    const inline = Object.freeze({ mode: 'ask', presets: Object.freeze({}) } as const)

    expect(() => resolve({ inline })).not.toThrow()
  })
})

describe('the stores', () => {
  const { path } = useTempDir()

  it('are what is written in code, then the environment, then the default of the platform', () => {
    const env = { MESHY_MACHINE_STORE: 'shared', XDG_CACHE_HOME: '/cache' }

    expect(resolve({ env, inline: { machineStore: false } }).machineStore).toBe(false)
    expect(resolve({ env }).machineStore).toBe('/project/shared')
    expect(resolve({ env: { MESHY_MACHINE_STORE: 'false' } }).machineStore).toBe(false)
    expect(resolve({ env: { MESHY_MACHINE_STORE: '', XDG_CACHE_HOME: '/cache' } }).machineStore).toContain(
      '/cache',
    )
  })

  it.each([
    [{ inline: { machineStore: '.meshy' } }],
    [{ env: { MESHY_MACHINE_STORE_LIMIT: 'much' } }],
    [{ env: { MESHY_TEAM_STORE: 'ftp://host' } }],
    [{ inline: { teamStore: 'https://ci:secret@cache.example.com' } }],
  ])('refuse %o', (given) => {
    expect(() => resolve(given)).toThrow(expect.objectContaining({ code: 'MESHY_OPTIONS_INVALID' }) as Error)
  })

  it("refuse a machine's store to which the cache folder is a link", async () => {
    await mkdir(path('store'))
    await symlink('store', path('.meshy'))
    const inline = { cacheDir: path('.meshy'), machineStore: path('store') }

    // Its limit would remove what the project pins.
    expect(() => resolve({ inline })).toThrow(
      expect.objectContaining({ code: 'MESHY_OPTIONS_INVALID' }) as Error,
    )
  })

  it('let a developer without a key restore what is pinned', () => {
    expect(resolve({ live: true, env: { MESHY_TEAM_STORE: 's3://models' } }).mode).toBe('ask')
    expect(resolve({ live: true }).mode).toBe('preview')
  })
})
