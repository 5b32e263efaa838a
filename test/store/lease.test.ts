import { readFile, writeFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { spawnScript } from '../support/child.ts'
import { useTempDir } from '../support/temp-dir.ts'

const script = (name: string): URL => new URL(`./children/${name}.ts`, import.meta.url)

describe('withLease', () => {
  const { path } = useTempDir()

  it('loses no count when eight processes add to one number', async () => {
    await writeFile(path('counter'), '0')

    const children = Array.from({ length: 8 }, () =>
      spawnScript(script('count'), [path('leases', 'one'), path('counter'), '40']),
    )
    const ends = await Promise.all(children.map(({ exited }) => exited))

    expect(ends.map(({ code, stderr }) => [code, stderr])).toEqual(ends.map(() => [0, '']))
    expect(await readFile(path('counter'), 'utf8')).toBe('320')
  })
})
