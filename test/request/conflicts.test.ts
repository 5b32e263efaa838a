import { describe, expect, it } from 'vitest'
import { findConflicts } from '../../src/request/conflicts.ts'
import { resolveDirectives } from '../../src/request/resolve.ts'
import { coded, queryOf } from './fixtures.ts'

const CONFLICTS = [
  'no-texture&pbr',
  'no-texture&prompt=wool',
  'no-texture&texture-image=a.png',
  'no-texture&views=b.png&texture_image_urls=a.png',
  'no-texture&texture_resolution=4k',
  'no-texture&hd_texture',
  'no-texture&texture_model=meshy-7',
  'views=b.png&texture_model=meshy-6-lite',
  'no-texture&remove_lighting',
  'no-texture&no-remove_lighting',
  'no-texture&textures',
  'prompt=wool&texture-image=a.png',
  'views=b.png&prompt=wool&texture_image_urls=a.png',
  'views=b.png&texture-image=a.png&texture_image_urls=a.png',
  'no-remesh&pre-remesh',
  'no-remesh&poly=500',
  'no-remesh&poly=30000',
  'no-remesh&topology=quad',
  'no-remesh&decimation_mode=1',
  'poly=500&decimation_mode=1',
  'pose=a&is_a_t_pose',
  'hd_texture&texture_resolution=4k',
  'origin_at=center',
  'origin_at=center&no-auto_size',
  'texture_image_urls=a.png',
  'views=b.png&model_type=standard',
  'views=b.png&geometry_resolution=4k',
  'target_formats=fbx',
  'target_formats=glb&formats=fbx',
  'model_type=lowpoly&model=latest',
  'model_type=lowpoly&poly=500',
  'model_type=lowpoly&topology=quad',
  'model_type=lowpoly&remesh',
  'model_type=lowpoly&pre-remesh',
  'model_type=lowpoly&decimation_mode=1',
  'model_type=smart-topology&topology=quad',
  'model_type=smart-topology&no-remesh',
  'model_type=smart-topology&pre-remesh',
  'model_type=smart-topology&decimation_mode=1',
  'model_type=smart-topology&no-remove_lighting',
  'model_type=smart-topology&model=meshy-6',
  'model=meshy-t2',
  'model=meshy-t2.5&model_type=standard',
  'model=meshy-6&geometry_resolution=2k',
  'model=meshy-6&views=b.png&texture_image_urls=a.png,b.png',
]

const COMPATIBLE = [
  'pbr&poly=500&topology=quad&remesh&pre-remesh',
  'no-texture&no-pbr&no-hd_texture',
  'no-texture&no-remesh&no-pre-remesh',
  'texture&prompt=wool',
  'views=b.png,c.png&texture-image=a.png',
  'views=b.png&texture_image_urls=a.png,b.png&model=meshy-7.1',
  'views=b.png&geometry_resolution=2k',
  'geometry_resolution=4k',
  'model=meshy-6&geometry_resolution=standard',
  'auto_size&origin_at=bottom',
  'target_formats=glb,fbx,stl&formats=fbx',
  'model_type=lowpoly',
  'model=meshy-t1',
  'texture_model=meshy-6-lite',
  'views=b.png&texture_model=meshy-n1',
  'views=b.png&texture_model=meshy-99',
  'model_type=smart-topology&poly=5000',
  'model_type=smart-topology&model=meshy-t2.5&poly=30000',
  'model=meshy-99&geometry_resolution=2k&model_type=smart-topology',
]

describe('findConflicts', () => {
  it.each(CONFLICTS)('finds one in %s', (query) => {
    const conflicts = findConflicts(queryOf(`meshy&${query}`))

    expect(conflicts).toEqual([expect.objectContaining({ code: 'MESHY_DIRECTIVE_CONFLICT' })])
  })

  it.each(COMPATIBLE)('finds none in %s', (query) => {
    expect(findConflicts(queryOf(`meshy&${query}`))).toEqual([])
  })

  it.each([
    ['meshy-t2', 15001],
    ['meshy-t2.5', 30001],
  ])('finds that %s makes no %i polygons', (model, poly) => {
    expect(findConflicts({ model, poly, model_type: 'smart-topology' })).toEqual([
      expect.objectContaining({ code: 'MESHY_DIRECTIVE_INVALID', names: ['poly', 'model'] }),
    ])
  })
})

describe('resolveDirectives', () => {
  it.each(CONFLICTS)('refuses %s', (query) => {
    expect(() => resolveDirectives({ file: '/a.png', query: queryOf(`meshy&${query}`) })).toThrow(
      coded('MESHY_DIRECTIVE_CONFLICT'),
    )
  })
})
