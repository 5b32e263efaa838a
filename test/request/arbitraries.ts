import * as fc from 'fast-check'
import { findConflicts } from '../../src/request/conflicts.ts'
import type { DirectiveName } from '../../src/request/directives.ts'
import { queryOf } from './fixtures.ts'

/** One directive of a query, in every way of writing it; the first is the plain one. */
export interface Item {
  name: DirectiveName
  spellings: string[]
}

const PROMPTS = ['100% wool', 'a + b', 'grün 🟢', '"quoted" \'twice\'', 'a=b?c', 'plain', '%41', '%']

const ITEMS: readonly Item[] = [
  ...flags('pbr', 'enable_pbr'),
  ...flags('texture', 'should_texture'),
  ...flags('remesh', 'should_remesh'),
  on('pre-remesh', 'save_pre_remeshed_model'),
  on('is_a_t_pose'),
  ...flags('image_enhancement'),
  ...flags('remove_lighting'),
  ...flags('auto_size'),
  ...flags('hd_texture'),
  ...valued(['poly', 'polycount', 'target_polycount'], ['100', '500', '15000', '30000', '300000']),
  ...valued(['model', 'ai_model'], ['latest', 'meshy-6', 'meshy-t2.5', 'other']),
  ...valued(['topology'], ['quad', 'triangle']),
  ...valued(['symmetry', 'symmetry_mode'], ['on', 'off', 'auto']),
  ...valued(['pose', 'pose_mode'], ['a-pose', 't-pose', '']),
  ...valued(['take'], ['1', '2', '3']),
  ...valued(['decimation_mode'], ['1', '4']),
  ...valued(['model_type'], ['standard', 'lowpoly', 'smart-topology']),
  ...valued(['geometry_resolution'], ['standard', '2k']),
  ...valued(['texture_model'], ['meshy-7', 'meshy-6-lite']),
  ...valued(['texture_resolution'], ['2k', '8k']),
  ...valued(['origin_at'], ['bottom', 'center']),
  ...valued(['texture-image', 'texture_image_url'], ['b.png', './c.png', 'https://x.test/a.png']),
  ...valued(['views'], ['b.png', 'c.png', 'b.png,c.png', 'c.png,b.png']),
  ...valued(['texture_image_urls'], ['b.png', 'b.png,c.png', 'c.png,b.png']),
  ...valued(['target_formats'], ['glb', 'glb,fbx']),
  ...valued(['prompt', 'texture_prompt'], PROMPTS.map(encodeURIComponent)),
]

/** Directives of which every one may go with every other. */
export function compatibleItems(): fc.Arbitrary<Item[]> {
  return fc
    .uniqueArray(fc.constantFrom(...ITEMS), { selector: ({ name }) => name, maxLength: 8 })
    .filter(areCompatible)
}

/** No directive, every single one, and every two that go together. */
export function compatiblePairs(): Item[][] {
  const pairs = ITEMS.flatMap((a, at) => ITEMS.slice(at + 1).map((b) => [a, b]))
  const distinct = pairs.filter(([a, b]) => a?.name !== b?.name)
  return [[], ...ITEMS.map((item) => [item]), ...distinct].filter(areCompatible)
}

export function areCompatible(items: readonly Item[]): boolean {
  return findConflicts(queryOf(items.map(({ spellings }) => spellings[0]).join('&'))).length === 0
}

function flags(...names: [DirectiveName, ...string[]]): Item[] {
  const off = names.flatMap((name) => [`no-${name}`, `${name}=0`, `${name}=off`, `${name}=false`])
  return [on(...names), { name: names[0], spellings: off }]
}

function on(...names: [DirectiveName, ...string[]]): Item {
  const spellings = names.flatMap((name) => [name, `${name}=`, `${name}=1`, `${name}=on`, `${name}=true`])
  return { name: names[0], spellings }
}

function valued(names: [DirectiveName, ...string[]], values: readonly string[]): Item[] {
  return values.map((value) => ({ name: names[0], spellings: names.map((name) => `${name}=${value}`) }))
}
