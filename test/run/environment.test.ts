import { mkdir, writeFile } from 'node:fs/promises'
import { loadEnv } from 'vite'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { isOn, misnamedKey, readEnvironment } from '../../src/run/environment.ts'
import { useTempDir } from '../support/temp-dir.ts'

describe('readEnvironment', () => {
  const { path } = useTempDir()

  it('overlays `.env` files as Vite does, and the process over all', async () => {
    await writeFile(path('.env'), 'MESHY_A=env\nMESHY_B=env\nMESHY_C=env\nMESHY_D=env\nMESHY_E=env\n')
    await writeFile(path('.env.local'), 'MESHY_B=local\nMESHY_C=local\nMESHY_D=local\nMESHY_E=local\n')
    await writeFile(path('.env.production'), 'MESHY_C=mode\nMESHY_D=mode\nMESHY_E=mode\n')
    await writeFile(path('.env.production.local'), 'MESHY_D=mode-local\nMESHY_E=mode-local\n')
    await writeFile(path('.env.development'), 'MESHY_A=other\n')

    expect(readEnvironment([path()], 'production', { MESHY_E: 'process', PATH: '/bin' })).toEqual({
      MESHY_A: 'env',
      MESHY_B: 'local',
      MESHY_C: 'mode',
      MESHY_D: 'mode-local',
      MESHY_E: 'process',
      PATH: '/bin',
    })
  })

  it('fills in other variables as Vite does', async () => {
    await writeFile(path('.env'), 'TEAM=red\nMESHY_API_KEY=${TEAM}-$USER-${NONE:-x}-\\$5\nMESHY_A=a\n')
    await writeFile(path('.env.local'), 'MESHY_B=${MESHY_A}${USER}\n')
    // Vite reads those of this process as well.
    vi.stubEnv('MESHY_MACHINE_STORE', undefined)
    onTestFinished(() => void vi.unstubAllEnvs())
    const ours = loadEnv('production', path(), 'MESHY_')

    const env = readEnvironment([path()], 'production', { USER: process.env['USER'] })

    expect(env).toEqual({ USER: process.env['USER'], ...ours })
    expect(env).toMatchObject({ MESHY_API_KEY: expect.stringMatching(/^red-.*-x-\$5$/) })
  })

  it('reads several folders, and takes what the first one says', async () => {
    await mkdir(path('app'))
    await writeFile(path('.env.local'), 'MESHY_A=project\nMESHY_B=project\n')
    await writeFile(path('app', '.env'), 'MESHY_A=root\n')

    const env = readEnvironment([path('app'), path()], 'production', {})

    expect(env).toEqual({ MESHY_A: 'root', MESHY_B: 'project' })
  })

  it('takes nothing but MESHY_* from files', async () => {
    await writeFile(
      path('.env'),
      'VITE_MESHY_URL=public\nCI=true\nAPI_KEY=x\nMESHY_API_KEY="quoted # value"\n',
    )

    expect(readEnvironment([path()], 'production', {})).toEqual({ MESHY_API_KEY: 'quoted # value' })
  })

  it('reads what editors and shells of Windows write', async () => {
    const text = '\uFEFFMESHY_A=a\r\nMESHY_B=b\r\n'
    await writeFile(path('.env'), text)
    await writeFile(path('.env.local'), Buffer.from(text.replace('=a', '=utf-16'), 'utf16le'))

    expect(readEnvironment([path()], 'production', {})).toEqual({ MESHY_A: 'utf-16', MESHY_B: 'b' })
  })

  it('reads no folder by the name of a file', async () => {
    await mkdir(path('.env'))
    await writeFile(path('.env.local'), 'MESHY_A=a\n')

    expect(readEnvironment([path()], 'production', {})).toEqual({ MESHY_A: 'a' })
  })

  it('reads nothing where there are no files', () => {
    expect(readEnvironment([path('nowhere')], 'production', {})).toEqual({})
  })
})

describe('misnamedKey', () => {
  it.each([
    ['VITE_MESHY_API_KEY', 'VITE_MESHY_API_KEY'],
    ['NUXT_PUBLIC_MESHY_API_KEY', 'NUXT_PUBLIC_MESHY_API_KEY'],
    ['MESHY_API_KEY', undefined],
  ])('takes %s as %s', (name, misnamed) => {
    expect(misnamedKey({ [name]: 'msy_x' })).toBe(misnamed)
  })
})

describe('isOn', () => {
  it.each([
    ['true', true],
    ['1', true],
    ['yes', true],
    ['woodpecker', true],
    ['', false],
    ['0', false],
    ['false', false],
    ['FALSE', false],
    ['off', false],
    ['no', false],
    [undefined, false],
  ])('takes %s as %s', (value, on) => {
    expect(isOn(value)).toBe(on)
  })
})
