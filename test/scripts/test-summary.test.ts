import path from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createProject, REPOSITORY } from '../support/project.ts'

const VITEST = path.join(REPOSITORY, 'node_modules', 'vitest', 'vitest.mjs')
const SUMMARY = path.join(REPOSITORY, 'scripts', 'test-summary.mjs')

const passing = `it('passes', () => {})`
const failing = `it('fails', () => { throw new Error('on purpose') })`

describe('test-summary', () => {
  it('counts tests that pass and fail', async () => {
    expect(await lastLine({ 'a.test.js': `${passing}\n${failing}`, 'b.test.js': passing })).toBe(
      '2 passed, 1 failed',
    )
  })

  it('counts a file as failed when it does not load', async () => {
    expect(await lastLine({ 'a.test.js': passing, 'b.test.js': `import './missing.js'` })).toBe(
      '1 passed, 1 failed',
    )
  })

  it('counts a failure when the run fails although every test passes', async () => {
    const rejects = `it('passes', () => void Promise.reject(new Error('on purpose')))`

    expect(await lastLine({ 'a.test.js': rejects })).toBe('1 passed, 1 failed')
  })

  it('counts a failure when the run stops before the tests', async () => {
    const project = await createProject()
    onTestFinished(() => project.remove())

    const { stdout } = await project.run(process.execPath, [SUMMARY, 'results.json', '1'])

    expect(stdout.trim()).toBe('0 passed, 1 failed')
  })
})

/** Runs the given tests as the gate does, and returns what the summary says. */
async function lastLine(files: Record<string, string>): Promise<string> {
  const project = await createProject({ files })
  onTestFinished(() => project.remove())
  const flags = ['--globals', '--root', project.root, '--reporter=json', '--outputFile.json=results.json']
  const { code } = await project.run(process.execPath, [VITEST, 'run', ...flags])
  const { stdout } = await project.run(process.execPath, [SUMMARY, 'results.json', String(code)])
  return stdout.trim()
}
