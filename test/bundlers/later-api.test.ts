import path from 'node:path'
import { writeFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { makeCard } from '../../src/stand-in/card.ts'
import { mustSucceed, runNode } from '../support/project.ts'
import { CLI } from '../cli/harness.ts'
import { makePng } from '../glb/pictures.ts'
import { build, emulate, entryOf, failBuild, makeProject, paying } from './harness.ts'

describe('a build', () => {
  it.each([
    ['model_type=lowpoly', 'model_type=smart-topology'],
    ['model=meshy-t1', 'model=meshy-t2.5'],
  ])('refuses %s before anything is sent, and names %s', async (query, instead) => {
    const emulator = await emulate()
    const project = await makeProject({ files: { 'main.js': entryOf(`./hero.png?meshy&${query}`) } })

    const error = await failBuild('Vite 8', project, { meshy: paying(emulator) })

    expect(error.message).toContain('MESHY_DIRECTIVE_INVALID')
    expect(error.message).toContain(`\`${query}\``)
    expect(error.message).toContain(`\`${instead}`)
    expect(emulator.counts.created).toBe(0)
  })

  it('serves a model of a retired family that is pinned', async () => {
    const emulator = await emulate()
    const query = 'meshy&model_type=lowpoly'
    const project = await makeProject({ files: { 'main.js': entryOf(`./hero.png?${query}`) } })
    const glb = path.join(project.root, 'knight.glb')
    await writeFile(glb, makeCard({ image: makePng(4, 2), name: 'knight', textured: true }))
    const env = { MESHY_BASE_URL: emulator.url }
    await mustSucceed(runNode([CLI, 'pin', `./hero.png?${query}`, 'knight.glb'], { cwd: project.root, env }))

    const { files, log } = await build('Vite 8', project, { meshy: paying(emulator, { mode: 'frozen' }) })

    expect([...files.keys()].filter((name) => name.endsWith('.glb'))).toHaveLength(1)
    expect(log).toContain('was retired on 2026-10-30')
    expect(emulator.counts.total).toBe(0)
  })

  it('sends a parameter that nobody knows yet as it is, and warns once', async () => {
    const emulator = await emulate()
    const files = {
      'main.js':
        "export { url as a } from './hero.png?meshy&api.tomorrow=7'\nexport { url as b } from './b.js'\n",
      'b.js': "export { url } from './hero.png?api.tomorrow=8&meshy'\n",
    }
    const project = await makeProject({ files })

    const { log } = await build('Vite 8', project, { meshy: paying(emulator) })

    const bodies = emulator.requests.flatMap(({ body }) => (body ? [body as Record<string, unknown>] : []))
    expect(bodies.map(({ tomorrow }) => tomorrow).toSorted()).toEqual([7, 8])
    expect(log.split('`api.tomorrow` is sent as it is')).toHaveLength(2)
    // What was stored is read back, and found.
    await build('Rollup 4', project, { meshy: paying(emulator, { mode: 'frozen' }) })
    expect(emulator.counts.created).toBe(2)
  })
})
