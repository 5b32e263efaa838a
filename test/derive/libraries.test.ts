import { cp, mkdir, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { createJiti } from 'jiti'
import { describe, expect, it, vi } from 'vitest'
import { loadTools } from '../../src/derive/libraries.ts'
import type * as LibrariesModule from '../../src/derive/libraries.ts'
import { packagesOf, type PackageName } from '../../src/finding/steps.ts'
import { REPOSITORY } from '../support/project.ts'
import { failureOf } from '../support/run.ts'
import { SRC } from '../support/sources.ts'
import { useTempDir } from '../support/temp-dir.ts'

const GLTF_TRANSFORM = ['@gltf-transform/core', '@gltf-transform/extensions', '@gltf-transform/functions']

describe('loadTools', () => {
  const { path: dir } = useTempDir()

  /** What the code finds in a project in which only these packages are installed. */
  async function loadWith(packages: string[], needed: PackageName[]): Promise<unknown> {
    for (const name of packages) {
      const link = dir('node_modules', name)
      await mkdir(path.dirname(link), { recursive: true })
      await symlink(path.join(REPOSITORY, 'node_modules', name), link, 'junction')
    }
    for (const name of ['derive/libraries.ts', 'system']) {
      await cp(path.join(SRC, name), dir(name), { recursive: true })
    }
    const jiti = createJiti(dir('index.ts'), { fsCache: false })
    return (await jiti.import<typeof LibrariesModule>('./derive/libraries.ts')).loadTools(needed)
  }

  it('loads what the steps need, and nothing else', async () => {
    for (const name of ['sharp', 'meshoptimizer', 'draco3dgltf', 'watlas'] as const) {
      const { core, extensions, functions, ...packages } = await loadTools([name])

      expect([core, extensions, functions]).not.toContain(undefined)
      expect(Object.keys(packages)).toEqual([name])
    }
  })

  it.each<[string, string[], PackageName[]]>([
    [GLTF_TRANSFORM.join(' '), [], []],
    ['sharp', GLTF_TRANSFORM, packagesOf({ textureSize: 512 })],
    ['meshoptimizer', GLTF_TRANSFORM, packagesOf({ compress: 'meshopt' })],
    ['meshoptimizer sharp watlas', GLTF_TRANSFORM, packagesOf({ simplify: 500 })],
    ['meshoptimizer', GLTF_TRANSFORM, packagesOf({ simplify: 'auto' })],
    ['draco3dgltf', GLTF_TRANSFORM, packagesOf({ compress: 'draco' })],
  ])('names the command that installs %s when it is missing', async (missing, installed, needed) => {
    const failure = await failureOf(loadWith(installed, needed))

    expect(failure.code).toBe('MESHY_DERIVE_UNAVAILABLE')
    expect(failure.hint).toBe(`Run \`npm install --save-dev ${missing}\`.`)
  })

  it.each(['pnpm', 'yarn', 'bun'])('names the command of %s where that runs the build', async (manager) => {
    vi.stubEnv('npm_config_user_agent', `${manager}/10.34.9 npm/? node/v22.12.0 linux x64`)

    const failure = await failureOf(loadWith(GLTF_TRANSFORM, packagesOf({ optimize: true })))

    expect(failure.hint).toBe(`Run \`${manager} add -D sharp meshoptimizer\`.`)
  })

  it('names all that is missing at once, and nothing that is installed', async () => {
    const installed = GLTF_TRANSFORM.slice(0, 2)

    const failure = await failureOf(loadWith(installed, packagesOf({ optimize: true })))

    expect(failure.details['packages']).toEqual(['@gltf-transform/functions', 'sharp', 'meshoptimizer'])
    for (const name of installed) expect(`${failure.message} ${failure.hint}`).not.toContain(name)
  })

  it('tells a package without its half for this machine from one that is not there', async () => {
    await mkdir(dir('node_modules/sharp'), { recursive: true })
    const main =
      "throw new Error('Could not load the module using this runtime\\nPossible solutions: many')\n"
    await writeFile(dir('node_modules/sharp/index.js'), main)
    await writeFile(dir('node_modules/sharp/package.json'), '{ "name": "sharp", "main": "index.js" }')

    const failure = await failureOf(loadWith(GLTF_TRANSFORM, packagesOf({ textureSize: 512 })))

    expect(failure.message).toMatch(
      /`sharp` is installed\b.* \(Could not load the module using this runtime\)\.$/,
    )
    expect(failure.hint).toBe('Run `npm install --include=optional sharp`.')
  })
})
