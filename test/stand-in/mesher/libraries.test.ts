import { cp, mkdir, symlink } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { createJiti } from 'jiti'
import { describe, expect, it } from 'vitest'
import { loadLibraries } from '../../../src/stand-in/mesher/libraries.ts'
import type * as LibrariesModule from '../../../src/stand-in/mesher/libraries.ts'
import { useTempDir } from '../../support/temp-dir.ts'

describe('loadLibraries', () => {
  const folder = useTempDir()

  /** What the code finds in a project in which only these packages are installed. */
  async function loadWith(...packages: string[]): Promise<unknown> {
    const root = fileURLToPath(new URL('../../..', import.meta.url))
    await mkdir(folder.path('node_modules'))
    for (const name of packages)
      await symlink(`${root}/node_modules/${name}`, folder.path('node_modules', name), 'junction')
    for (const name of ['stand-in/mesher/libraries.ts', 'system'])
      await cp(`${root}/src/${name}`, folder.path('src', name), { recursive: true })
    const jiti = createJiti(folder.path('src', 'index.ts'), { fsCache: false })
    const copy = await jiti.import<typeof LibrariesModule>('./stand-in/mesher/libraries.ts')
    return copy.loadLibraries()
  }

  it('loads both libraries when they are installed', async () => {
    expect(await loadLibraries()).toMatchObject({
      sharp: expect.any(Function),
      simplifier: expect.any(Object),
    })
  })

  it('names `sharp` when it is missing', async () => {
    expect(await loadWith('meshoptimizer')).toEqual({ missing: expect.stringContaining('`sharp`') })
  })

  it('names `meshoptimizer` when it is missing', async () => {
    expect(await loadWith('sharp')).toEqual({ missing: expect.stringContaining('`meshoptimizer`') })
  })
})
