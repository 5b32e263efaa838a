import { describe, expect, it } from 'vitest'
import { findCircle, folderOf, readEdges, type Edge } from './support/imports.ts'
import { readSources } from './support/sources.ts'

/**
 * The rooms, from the ground up: a file imports from its own room and from those before it. Files at the top are the
 * entries of the package: they may import everything, and only `types.ts` is imported.
 */
const ROOMS = [
  'system',
  'glb',
  'request',
  'service',
  'store',
  'finding',
  'derive',
  'stand-in',
  'generate',
  'run',
  'bundlers',
  'inspector',
  'emulator',
  'cli',
]

describe('src', () => {
  it('imports along the arrows of the architecture', async () => {
    const edges = readEdges(await readSources())

    expect(edges.filter(pointsUp).map(({ from, to }) => `${from} -> ${to}`)).toEqual([])
  })

  it('has no circle of files, types included', async () => {
    expect(findCircle(readEdges(await readSources()))).toBeUndefined()
  })

  it('has only folders that the architecture knows', async () => {
    const folders = new Set((await readSources()).map(({ file }) => folderOf(file)))
    folders.delete('')

    expect([...folders].filter((folder) => !ROOMS.includes(folder))).toEqual([])
  })
})

describe('the check of the arrows', () => {
  it.each([
    ['glb/inspect.ts', 'store/blobs.ts'],
    ['service/client.ts', 'store/blobs.ts'],
    ['generate/generate.ts', 'run/context.ts'],
    ['run/load.ts', 'bundlers/module.ts'],
    ['request/parse.ts', 'index.ts'],
    ['system/clock.ts', 'glb/facts.ts'],
  ])('refuses %s -> %s', (from, to) => {
    expect(pointsUp({ from, to })).toBe(true)
  })

  it.each([
    ['vite.ts', 'bundlers/module.ts'],
    ['glb/inspect.ts', 'glb/facts.ts'],
    ['run/asset.ts', 'types.ts'],
    ['generate/generate.ts', 'store/blobs.ts'],
  ])('allows %s -> %s', (from, to) => {
    expect(pointsUp({ from, to })).toBe(false)
  })

  it('sees types, re-exports and dynamic imports', () => {
    const text = `import type { A } from '../glb/a.ts'\nexport * from './b.ts'\nawait import('../store/c.ts')`

    expect(readEdges([{ file: 'cli/x.ts', text }]).map(({ to }) => to)).toEqual([
      'glb/a.ts',
      'cli/b.ts',
      'store/c.ts',
    ])
  })

  it('finds a circle over three files', () => {
    const edges = [
      { from: 'a/1.ts', to: 'b/1.ts' },
      { from: 'b/1.ts', to: 'a/2.ts' },
      { from: 'a/2.ts', to: 'a/1.ts' },
    ]

    expect(findCircle(edges)).toEqual(['a/1.ts', 'b/1.ts', 'a/2.ts', 'a/1.ts'])
  })
})

function pointsUp({ from, to }: Edge): boolean {
  const [room, target] = [folderOf(from), folderOf(to)]
  if (room === '' || to === 'types.ts') return false
  return target === '' || ROOMS.indexOf(target) > ROOMS.indexOf(room)
}
