import { mkdir, mkdtemp, readFile, realpath, rm } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { movedOptions, copyProject } from '../../src/cli/project-copy.ts'
import { createProject } from '../support/project.ts'

/** As Yarn writes them: a workspace, and a package outside, in the project and in a role of its own. */
const LOCATIONS = {
  root: './',
  workspace: './packages/lib/',
  outside: '../CACHE/vite.zip/node_modules/vite/',
  unplugged: './.yarn/unplugged/sharp/node_modules/sharp/',
  inside: './.yarn/cache/three.zip/node_modules/three/',
  virtualOutside: './.yarn/__virtual__/vite-virtual-1/2/CACHE/vite.zip/node_modules/vite/',
  virtualInside: './.yarn/__virtual__/three-virtual-1/0/cache/three.zip/node_modules/three/',
  virtualWorkspace: './.yarn/__virtual__/lib-virtual-1/1/packages/lib/',
}

describe('a copy of a project under Yarn Plug’n’Play', () => {
  it.each(['.pnp.cjs', '.pnp.data.json'])(
    'finds every package by %s, and its own workspaces',
    async (name) => {
      const { at, of, cache } = await copied(name)

      const text = await readFile(path.join(at, name), 'utf8')
      const places = [...text.matchAll(/"packageLocation": "(.*)"/g)].map(([, location = '']) =>
        placeOf(at, location),
      )

      const home = (file: string) => path.join(of, file)
      expect(places).toEqual([
        at,
        path.join(at, 'packages/lib'),
        path.join(cache, 'vite.zip/node_modules/vite'),
        home('.yarn/unplugged/sharp/node_modules/sharp'),
        home('.yarn/cache/three.zip/node_modules/three'),
        path.join(cache, 'vite.zip/node_modules/vite'),
        home('.yarn/cache/three.zip/node_modules/three'),
        path.join(at, 'packages/lib'),
      ])
      expect(places.filter((place) => !existsSync(place))).toEqual([])
    },
  )

  it('is loaded by its own hooks, and by nothing else that differs', () => {
    const options =
      '--require /p/app/.pnp.cjs --experimental-loader file:///p/app/.pnp.loader.mjs --import /p/app/x.mjs'

    expect(movedOptions(options, { of: '/p', at: '/tmp/copy/p' })).toBe(
      '--require /tmp/copy/p/app/.pnp.cjs --experimental-loader file:///tmp/copy/p/app/.pnp.loader.mjs --import /p/app/x.mjs',
    )
  })
})

/** A project, and its copy in another depth. */
async function copied(name: string) {
  const cache = await folder()
  const project = await createProject({ files: { 'packages/lib/index.js': '' } })
  onTestFinished(() => project.remove())
  const of = project.root
  const locations = Object.values(LOCATIONS).map((text) => text.replace('CACHE', path.basename(cache)))
  for (const location of locations) await mkdir(placeOf(of, location), { recursive: true })
  const lines = locations.map((location) => `  "packageLocation": ${JSON.stringify(location)},\n`)
  await project.write({ [name]: lines.join('') })
  const at = path.join(await folder(), 'copy', 'app')
  await copyProject(of, at)
  return { at, of, cache }
}

async function folder(): Promise<string> {
  const made = await realpath(await mkdtemp(path.join(tmpdir(), 'meshy-pnp-')))
  onTestFinished(() => rm(made, { recursive: true, force: true }))
  return made
}

/** What Plug'n'Play makes of a location; see "virtual packages" in its specification. */
function placeOf(base: string, location: string): string {
  const [, home, up, rest = ''] = /^(.*)\/__virtual__\/[^/]+\/(\d+)\/(.*)$/.exec(location) ?? []
  const file = home === undefined ? location : path.join(home, '../'.repeat(Number(up)), rest)
  return path.resolve(base, file)
}
