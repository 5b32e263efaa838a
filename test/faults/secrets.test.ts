import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { FaultRule } from '../../src/emulator.ts'
import { spawnScript } from '../support/child.ts'
import { writePictures } from '../support/run.ts'
import { startService } from '../support/service.ts'
import { useTempDir } from '../support/temp-dir.ts'

const API_KEY = 'msy_a-secret-of-this-test_0123456789'
const SECRETS = [API_KEY, Buffer.from(API_KEY).toString('base64'), API_KEY.slice(4), 'Signature=', 'Expires=']

/** Runs that end well and runs that do not, for the errors tell most. */
const RUNS: Record<string, { faults: FaultRule[]; code: number }> = {
  'that ends well': { faults: [], code: 0 },
  'whose files are broken': { faults: [{ kind: 'truncatedAsset', nth: [1, 2] }], code: 0 },
  'whose files stay away': { faults: [{ kind: 'expiredUrl' }], code: 1 },
  'whose files lead elsewhere': {
    faults: [{ kind: 'assetRedirect', to: 'http://files.invalid/x?Signature=1' }],
    code: 1,
  },
  'whose key is refused': { faults: [{ kind: 'unauthorized' }], code: 1 },
  'whose answer repeats the key': {
    faults: [{ kind: 'status', status: 400, message: `no: ${API_KEY}`, on: 'create' }],
    code: 1,
  },
  'that is led elsewhere': {
    faults: [{ kind: 'redirect', to: 'http://127.0.0.1:9/?key=1', on: 'create' }],
    code: 1,
  },
  'whose task fails': {
    faults: [
      { kind: 'failTask', message: `see https://x.invalid/a?Signature=1 ${API_KEY}`, type: 'invalid_input' },
    ],
    code: 1,
  },
}

describe('neither the key nor a signed query', () => {
  const { path } = useTempDir()

  it.each(Object.entries(RUNS))(
    'is in any file or output of a build %s, debug output on',
    async (_, { faults, code }) => {
      await writePictures(path(), 'hero.png', 'tree.png')
      await writeFile(
        path('main.js'),
        `export { url } from './hero.png?meshy'\nexport { url as tree } from './tree.png?meshy&pbr'\n`,
      )
      const emulator = await startService({ apiKey: API_KEY, faults })

      const build = spawnScript(new URL('./children/build.ts', import.meta.url), [path(), emulator.url], {
        env: { MESHY_API_KEY: API_KEY, DEBUG: 'unplugin-meshy', CI: '', MESHY_MODE: '' },
      })
      const ended = await build.exited

      expect([ended.code, ended.code === code ? '' : ended.stderr]).toEqual([code, ''])
      // The debug output is on, or it could not hold anything.
      expect(ended.stderr).toContain('unplugin-meshy GET /openapi/v1/image-to-3d')
      if (code === 0) expect(ended.stderr).toMatch(/unplugin-meshy GET http\S+\.glb 200/)
      const texts = { output: ended.stdout + ended.stderr, ...(await filesOf(path())) }
      for (const [name, text] of Object.entries(texts)) {
        for (const secret of SECRETS) expect([name, text.includes(secret)]).toEqual([name, false])
      }
      for (const { origin, authorized } of emulator.requests) expect(authorized).toBe(origin === 'api')
    },
  )
})

async function filesOf(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true })
  const files = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
  return Object.fromEntries(
    await Promise.all(files.map(async (file) => [file, await readFile(file, 'latin1')])),
  )
}
