import { cp, mkdir, symlink } from 'node:fs/promises'
import path from 'node:path'
import { createJiti } from 'jiti'
import { describe, expect, it } from 'vitest'
import { loadTools } from '../../src/derive/libraries.ts'
import type * as LibrariesModule from '../../src/derive/libraries.ts'
import type { DerivationPlan } from '../../src/derive/steps.ts'
import { REPOSITORY } from '../support/project.ts'
import { failureOf } from '../support/run.ts'
import { SRC } from '../support/sources.ts'
import { useTempDir } from '../support/temp-dir.ts'

const GLTF_TRANSFORM = ['@gltf-transform/core', '@gltf-transform/extensions', '@gltf-transform/functions']

describe('loadTools', () => {
  const { path: dir } = useTempDir()

  /** What the code finds in a project in which only these packages are installed. */
  async function loadWith(packages: string[], plan: DerivationPlan): Promise<unknown> {
    for (const name of packages) {
      const link = dir('node_modules', name)
      await mkdir(path.dirname(link), { recursive: true })
      await symlink(path.join(REPOSITORY, 'node_modules', name), link, 'junction')
    }
    for (const file of ['derive/libraries.ts', 'derive/steps.ts', 'errors.ts']) {
      await cp(path.join(SRC, file), dir(file))
    }
    const jiti = createJiti(dir('index.ts'), { fsCache: false })
    return (await jiti.import<typeof LibrariesModule>('./derive/libraries.ts')).loadTools(plan)
  }

  it('loads what the steps need, and nothing else', async () => {
    expect(await loadTools({ compress: 'draco' })).toMatchObject({ sharp: undefined, meshopt: undefined, draco: expect.any(Object) }) // prettier-ignore
    expect(await loadTools({ textureSize: 512 })).toMatchObject({ sharp: expect.any(Function), meshopt: undefined, draco: undefined }) // prettier-ignore
    expect(await loadTools({ simplify: 500 })).toMatchObject({ sharp: undefined, meshopt: expect.any(Object), draco: undefined }) // prettier-ignore
  })

  it.each<[string, string[], DerivationPlan]>([
    [GLTF_TRANSFORM.join(' '), [], { simplify: 500 }],
    ['sharp', GLTF_TRANSFORM, { optimize: true }],
    ['meshoptimizer', GLTF_TRANSFORM, { compress: 'meshopt' }],
    ['draco3dgltf', GLTF_TRANSFORM, { compress: 'draco' }],
  ])('names the command that installs %s when it is missing', async (missing, installed, plan) => {
    const failure = await failureOf(loadWith(installed, plan))

    expect(failure.code).toBe('MESHY_DERIVE_UNAVAILABLE')
    expect(failure.hint).toBe(`Run \`npm install --save-dev ${missing}\`.`)
  })
})
