import { writeFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { MeshyError, type ErrorCode } from '../../../src/system/errors.ts'
import { Problems } from '../../../src/run/reporting/problems.ts'
import { spawnScript } from '../../support/child.ts'
import { writePictures } from '../../support/run.ts'
import { startService } from '../../support/service.ts'
import { useTempDir } from '../../support/temp-dir.ts'

function problem(
  line: number,
  { code = 'MESHY_MODEL_MISSING' as ErrorCode, message = 'It is missing.', details = {} } = {},
) {
  return new MeshyError(code, { message, hint: 'Make it.', details, site: { file: 'main.ts', line } })
}

describe('Problems', () => {
  it('has nothing to tell when nothing failed', () => {
    expect(new Problems().take()).toBeUndefined()
  })

  it('tells one failure as it is', () => {
    const problems = new Problems()
    const error = problem(1)
    problems.add('a', error)

    expect(problems.take()).toBe(error)
    expect(problems.size).toBe(0)
  })

  it('tells all failures, each with its place, and the price of what is missing', () => {
    const problems = new Problems()
    problems.add('a', problem(1, { message: 'A is missing.', details: { key: 'a', credits: 30 } }))
    problems.add('b', problem(2, { message: 'B is missing.', details: { key: 'b', credits: 15 } }))
    problems.add('b again', problem(3, { message: 'B is missing.', details: { key: 'b', credits: 15 } }))

    const error = problems.take() as MeshyError

    expect(error.message).toContain('3 imports of models failed')
    expect(error.message).toContain('main.ts:1: A is missing.')
    expect(error.message).toContain('main.ts:2\nmain.ts:3\nB is missing.')
    expect(error.message).toContain('Total: 45 credits.')
    expect(error.details['errors']).toHaveLength(3)
  })

  it('tells what befell all once, below all of their places', () => {
    const problems = new Problems()
    const whole = {
      code: 'MESHY_BUDGET_EXCEEDED' as ErrorCode,
      message: '3 missing models would cost 90 credits.',
    }
    for (const line of [1, 2, 3]) problems.add(String(line), problem(line, whole))

    const { message } = problems.take() as MeshyError

    expect(message.match(/90 credits/g)).toHaveLength(1)
    expect(message).toContain('main.ts:3\n3 missing models')
  })

  it('tells what is to be fixed before what failed because of it, and has its code', () => {
    const problems = new Problems()
    problems.add('a', problem(1, { code: 'MESHY_NOT_SUBMITTED', message: 'Nothing was submitted.' }))
    problems.add('b', problem(2, { code: 'MESHY_IMAGE_INVALID', message: 'It is empty.' }))

    const error = problems.take() as MeshyError

    expect(error.code).toBe('MESHY_IMAGE_INVALID')
    expect(error.message).toMatch(/It is empty\.[^]*Nothing was submitted\./)
  })

  it('tells a bug before everything else', () => {
    const problems = new Problems()
    const bug = new TypeError('undefined is not a function')
    problems.add('a', problem(1))
    problems.add('b', bug)

    expect(problems.take()).toBe(bug)
  })
})

describe('a build with several failures', () => {
  const { path } = useTempDir()

  it('reports all imports that cannot be read, and pays for none', async () => {
    await writePictures(path(), 'a.png', 'b.png', 'c.png')

    const { code, stderr, posts } = await buildWith(
      './a.png?meshy&poly=5',
      './b.png?meshy',
      './c.png?meshi&meshy',
      './gone.png?meshy',
    )

    expect({ code, posts }).toEqual({ code: 1, posts: 0 })
    for (const place of ['main.js:1', 'main.js:2', 'main.js:3', 'main.js:4']) expect(stderr).toContain(place)
    for (const name of ['DIRECTIVE_INVALID', 'NOT_SUBMITTED', 'DIRECTIVE_UNKNOWN', 'IMAGE_NOT_FOUND']) {
      expect(stderr).toContain(`MESHY_${name}`)
    }
  })

  it('reports all tasks that failed', async () => {
    await writePictures(path(), 'a.png', 'b.png')

    const { code, stderr, posts } = await buildWith('./a.png?meshy', './b.png?meshy')

    expect({ code, posts }).toEqual({ code: 1, posts: 2 })
    for (const image of ['a.png', 'b.png']) expect(stderr).toContain(image)
    expect(stderr).toContain('too complex')
    expect(stderr).toContain('MESHY_TASK_FAILED')
  })

  /** Builds a page with these imports, for which every task fails, in a process of its own. */
  async function buildWith(...specifiers: string[]) {
    const imports = specifiers.map((specifier, index) => `import model${index} from '${specifier}'\n`)
    const names = specifiers.map((_, index) => `model${index}`)
    await writeFile(path('main.js'), `${imports.join('')}export default [${names.join(', ')}]\n`)
    const emulator = await startService({
      faults: [{ kind: 'failTask', message: 'too complex', type: 'invalid_input' }],
    })
    const script = new URL('../../faults/children/build.ts', import.meta.url)
    const env = { MESHY_API_KEY: emulator.apiKey, CI: '', MESHY_MODE: '' }
    const { code, stderr } = await spawnScript(script, [path(), emulator.url], { env }).exited
    return { code, stderr, posts: emulator.counts.posts }
  }
})
