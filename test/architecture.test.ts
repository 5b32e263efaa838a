import { describe, expect, it } from 'vitest'
import { findCycle, folderOf, readEdges, type Edge } from './support/imports.ts'
import { readSources } from './support/sources.ts'

/**
 * Folder → the folders and files of src that it may import, besides itself, `errors.ts` and `system`. Files at the top are
 * the entries of the package: they may import everything.
 */
const ARROWS: Record<string, readonly string[]> = {
  system: [],
  request: [],
  queue: [],
  glb: [],
  meshy: [],
  store: ['request/request.ts', 'request/fingerprint.ts', 'request/param-value.ts', 'glb/facts.ts'],
  sharing: ['store', 'request/request.ts'],
  preview: ['glb'],
  derive: ['glb'],
  emulator: ['meshy/schemas.ts', 'glb', 'preview'],
  pipeline: ['request', 'queue', 'store', 'sharing', 'meshy', 'glb', 'preview', 'derive', 'types.ts'],
  bundlers: ['pipeline', 'types.ts'],
  inspector: ['pipeline', 'types.ts'],
  cli: ['pipeline', 'inspector', 'emulator.ts'],
}

describe('src', () => {
  it('imports along the arrows of the architecture', async () => {
    const edges = readEdges(await readSources())

    expect(edges.filter(crosses).map(({ from, to }) => `${from} -> ${to}`)).toEqual([])
  })

  it('has no cycle between its folders', async () => {
    expect(findCycle(readEdges(await readSources()))).toBeUndefined()
  })

  it('has only folders that the architecture knows', async () => {
    const folders = new Set((await readSources()).map(({ file }) => folderOf(file)))
    folders.delete('')

    expect([...folders].filter((folder) => !(folder in ARROWS))).toEqual([])
  })
})

describe('the check of the arrows', () => {
  it.each([
    ['glb/inspect.ts', 'store/blobs.ts'],
    ['emulator/app.ts', 'meshy/client.ts'],
    ['store/entries.ts', 'request/parse.ts'],
    ['pipeline/generate.ts', 'bundlers/module.ts'],
    ['request/parse.ts', 'index.ts'],
    ['system/clock.ts', 'glb/facts.ts'],
  ])('refuses %s -> %s', (from, to) => {
    expect(crosses({ from, to })).toBe(true)
  })

  it.each([
    ['vite.ts', 'bundlers/module.ts'],
    ['glb/inspect.ts', 'glb/facts.ts'],
    ['glb/inspect.ts', 'errors.ts'],
    ['emulator/app.ts', 'meshy/schemas.ts'],
    ['pipeline/generate.ts', 'store/blobs.ts'],
  ])('allows %s -> %s', (from, to) => {
    expect(crosses({ from, to })).toBe(false)
  })

  it('sees types, re-exports and dynamic imports', () => {
    const text = `import type { A } from '../glb/a.ts'\nexport * from './b.ts'\nawait import('../store/c.ts')`

    expect(readEdges([{ file: 'cli/x.ts', text }]).map(({ to }) => to)).toEqual([
      'glb/a.ts',
      'cli/b.ts',
      'store/c.ts',
    ])
  })

  it('finds a cycle over three folders', () => {
    const edges = [
      { from: 'a/1.ts', to: 'b/1.ts' },
      { from: 'b/2.ts', to: 'c/1.ts' },
      { from: 'c/2.ts', to: 'a/2.ts' },
    ]

    expect(findCycle(edges)).toEqual(['a', 'b', 'c', 'a'])
  })
})

function crosses({ from, to }: Edge): boolean {
  const folder = folderOf(from)
  if (folder === '' || folder === folderOf(to)) return false
  const allowed = new Set(['errors.ts', 'system', ...(ARROWS[folder] ?? [])])
  return !allowed.has(to) && !allowed.has(folderOf(to))
}
