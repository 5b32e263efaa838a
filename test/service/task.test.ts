import { describe, expect, it } from 'vitest'
import { isTerminal, parseTask } from '../../src/service/task.ts'
import type { TaskWire } from './task-wire.ts'

const wire: TaskWire = {
  id: '018a210d-8ba4-705c-b111-1f1776f7f578',
  type: 'image-to-3d',
  name: 'meshy:0123456789abcdef',
  model_urls: {
    glb: 'https://a.test/m.glb',
    pre_remeshed_glb: 'https://a.test/p.glb',
    stl: 'https://a.test/m.stl',
  },
  thumbnail_url: 'https://a.test/t.png',
  texture_prompt: '',
  progress: 100,
  created_at: 1692771650657,
  started_at: 1692771667037,
  finished_at: 1692771669037,
  expires_at: 1692771679037,
  status: 'SUCCEEDED',
  texture_urls: [{ base_color: 'https://a.test/b.png', metallic_roughness: 'https://a.test/mr.png' }],
  preceding_tasks: 0,
  task_error: { message: '' },
  consumed_credits: 30,
}

describe('parseTask', () => {
  it('reads every documented field', () => {
    expect(parseTask(wire)).toMatchObject({
      id: wire.id,
      kind: 'image-to-3d',
      name: 'meshy:0123456789abcdef',
      status: 'SUCCEEDED',
      progress: 100,
      createdAt: 1692771650657,
      consumedCredits: 30,
      urls: {
        glb: 'https://a.test/m.glb',
        preRemeshed: 'https://a.test/p.glb',
        stl: 'https://a.test/m.stl',
        baseColor: 'https://a.test/b.png',
        thumbnail: 'https://a.test/t.png',
      },
      error: undefined,
    })
  })

  it.each([0, null, '', undefined])('takes %j as absent', (nothing) => {
    const task = parseTask({
      id: 'a',
      status: 'PENDING',
      type: nothing,
      name: nothing,
      model_urls: nothing,
      thumbnail_url: nothing,
      progress: nothing,
      started_at: nothing,
      texture_urls: nothing,
      preceding_tasks: nothing,
      task_error: nothing,
      consumed_credits: nothing,
    })

    expect(task).toEqual(parseTask({ id: 'a', status: 'PENDING' }))
    expect(task).toMatchObject({ progress: 0, urls: {} })
  })

  it.each([
    ['model_urls', 'soon'],
    ['model_urls', ['https://a.test/m.glb']],
    ['texture_urls', 7],
    ['task_error', true],
    ['progress', 'half'],
    ['thumbnail_url', { url: 'x' }],
    ['created_at', 'yesterday'],
    ['type', 'text-to-3d'],
  ])('takes `%s` as absent when it is %j', (field, value) => {
    expect(parseTask({ id: 'a', status: 'PENDING', [field]: value })).toEqual(
      parseTask({ id: 'a', status: 'PENDING' }),
    )
  })

  it.each(['EXPIRED', 'succeeded', 7, null, undefined])('is not finished when the status is %j', (status) => {
    const task = parseTask({ id: 'a', status })

    expect(task?.status).toBe('UNKNOWN')
    expect(task && isTerminal(task)).toBe(false)
  })

  it('reads texture maps that are no list', () => {
    const task = parseTask({ id: 'a', status: 'SUCCEEDED', texture_urls: { base_color: 'b', normal: 'n' } })

    expect(task?.urls).toEqual({ baseColor: 'b', normal: 'n' })
  })

  it('reads RFC 3339 timestamps', () => {
    expect(parseTask({ id: 'a', created_at: '2024-01-01T00:00:00Z' })?.createdAt).toBe(1704067200000)
  })

  it('keeps progress between 0 and 100', () => {
    expect(parseTask({ id: 'a', progress: 250 })?.progress).toBe(100)
    expect(parseTask({ id: 'a', progress: -1 })?.progress).toBe(0)
  })

  it('takes the id that was asked for when the answer has none', () => {
    expect(parseTask({ status: 'PENDING', progress: 3 }, 'asked')?.id).toBe('asked')
  })

  it.each([null, 1, 'x', [], {}, { message: 'hello' }])('is undefined when the value is %j', (value) => {
    expect(parseTask(value, 'asked')).toBeUndefined()
  })

  it('reads why a task failed', () => {
    const error = {
      message: 'The server is busy.',
      type: 'service_unavailable',
      doc_url: 'https://docs.test',
    }

    expect(parseTask({ id: 'a', status: 'FAILED', task_error: error })?.error).toEqual({
      message: 'The server is busy.',
      type: 'service_unavailable',
      code: undefined,
    })
  })

  it('reads why a task failed when the answer has only a text for it', () => {
    const task = parseTask({ id: 'a', status: 'FAILED', task_error: 'No object was found.' })

    expect(task?.error?.message).toBe('No object was found.')
  })

  it('finds a texture map wherever the list has it', () => {
    const maps = [null, { metallic: 'https://a.test/m.png' }, { base_color: 'https://a.test/b.png' }]

    expect(parseTask({ id: 'a', status: 'SUCCEEDED', texture_urls: maps })?.urls).toEqual({
      metallic: 'https://a.test/m.png',
      baseColor: 'https://a.test/b.png',
    })
  })
})
