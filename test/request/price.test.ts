import { describe, expect, it } from 'vitest'
import { priceOf } from '../../src/request/price.ts'

describe('priceOf', () => {
  it.each([
    [{}, 30],
    [{ ai_model: 'latest' }, 30],
    [{ ai_model: 'latest', should_texture: false }, 20],
    [{ ai_model: 'meshy-6', enable_pbr: true }, 30],
    [{ ai_model: 'meshy-7.1', texture_resolution: '4k' }, 30],
    [{ ai_model: 'meshy-7.1', texture_resolution: '8k' }, 35],
    [{ ai_model: 'meshy-7.1', texture_resolution: '8k', should_texture: false }, 20],
    [{ ai_model: 'meshy-7.1', geometry_resolution: '2k' }, 35],
    [{ ai_model: 'meshy-7.1', geometry_resolution: '4k', texture_resolution: '8k' }, 40],
    [{ ai_model: 'meshy-7.1', geometry_resolution: 'standard' }, 30],
    [{ ai_model: 'meshy-6-lite' }, 15],
    [{ ai_model: 'meshy-5' }, 15],
    [{ ai_model: 'meshy-5', should_texture: false }, 5],
    [{ ai_model: 'meshy-4', should_texture: false }, 5],
    [{ ai_model: 'meshy-t2.5' }, 15],
    [{ ai_model: 'meshy-t2', texture_resolution: '8k' }, 20],
    [{ ai_model: 'meshy-99' }, 30],
    [{ model_type: 'smart-topology' }, 15],
    [{ model_type: 'smart-topology', should_texture: false }, 5],
    [{ model_type: 'smart-topology', texture_resolution: '8k' }, 20],
    [{ ai_model: 'meshy-7.1', texture_model: 'meshy-6-lite' }, 30],
    [{ ai_model: 'meshy-6-lite', texture_model: 'meshy-7' }, 30],
    [{ ai_model: 'meshy-6-lite', texture_model: 'meshy-n1' }, 30],
    [{ ai_model: 'meshy-6-lite', texture_model: 'meshy-6-lite' }, 15],
  ])('prices %j at %i credits', (params, credits) => {
    expect(priceOf({ params })).toBe(credits)
  })
})
