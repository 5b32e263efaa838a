import { writeFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { isOn, readEnvironment } from '../../src/pipeline/environment.ts'
import { useTempDir } from '../support/temp-dir.ts'

describe('readEnvironment', () => {
  const { path } = useTempDir()

  it('overlays `.env` files as Vite does, and the process over all', async () => {
    await writeFile(path('.env'), 'MESHY_A=env\nMESHY_B=env\nMESHY_C=env\nMESHY_D=env\nMESHY_E=env\n')
    await writeFile(path('.env.local'), 'MESHY_B=local\nMESHY_C=local\nMESHY_D=local\nMESHY_E=local\n')
    await writeFile(path('.env.production'), 'MESHY_C=mode\nMESHY_D=mode\nMESHY_E=mode\n')
    await writeFile(path('.env.production.local'), 'MESHY_D=mode-local\nMESHY_E=mode-local\n')
    await writeFile(path('.env.development'), 'MESHY_A=other\n')

    expect(readEnvironment(path(), 'production', { MESHY_E: 'process', PATH: '/bin' })).toEqual({
      MESHY_A: 'env',
      MESHY_B: 'local',
      MESHY_C: 'mode',
      MESHY_D: 'mode-local',
      MESHY_E: 'process',
      PATH: '/bin',
    })
  })

  it('takes nothing but MESHY_* from files', async () => {
    await writeFile(
      path('.env'),
      'VITE_MESHY_API_KEY=public\nCI=true\nAPI_KEY=x\nMESHY_API_KEY="quoted # value"\n',
    )

    expect(readEnvironment(path(), 'production', {})).toEqual({ MESHY_API_KEY: 'quoted # value' })
  })

  it('reads nothing where there are no files', () => {
    expect(readEnvironment(path('nowhere'), 'production', {})).toEqual({})
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
