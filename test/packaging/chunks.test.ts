import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { REPOSITORY } from '../support/project.ts'

const IMPORT = /^(?:import|export)\s+(?:[^'"\n]*?from\s*)?['"]([^'"]+)['"]/gm

/** What a file of the package loads at once: its own files, and the packages and parts of Node that they import. */
async function loadedBy(entry: string) {
  const files = new Set<string>()
  const packages = new Set<string>()
  const load = async (file: string): Promise<void> => {
    if (files.has(file)) return
    files.add(file)
    for (const [, name = ''] of (await readFile(file, 'utf8')).matchAll(IMPORT)) {
      if (name.startsWith('.')) await load(path.resolve(path.dirname(file), name))
      else packages.add(name)
    }
  }
  await load(path.join(REPOSITORY, 'dist', entry))
  return { files: [...files], packages: [...packages] }
}

describe('what the package loads at once', () => {
  it('is few files for a bundler', async () => {
    expect((await loadedBy('vite.mjs')).files.length).toBeLessThanOrEqual(4)
  })

  it.each(['store/worker.mjs', 'derive/worker.mjs', 'stand-in/mesher/worker.mjs', 'cli.mjs', 'emulator.mjs'])(
    'is nothing of the plugin for %s',
    async (entry) => {
      const { files, packages } = await loadedBy(entry)

      expect(files.length).toBeGreaterThan(1)
      expect(packages).not.toContain('unplugin')
    },
  )
})
