import { describe, expect, it, onTestFinished } from 'vitest'
import { spawnScript, type RunningScript } from '../support/child.ts'
import { CLI, spawnCli } from './harness.ts'

describe('emulate', () => {
  it('serves the API until it is stopped', async () => {
    const running = start(['emulate', '--seconds', '0.1', '--credits', '7', '--json'])
    const url = JSON.parse(`{${(await running.line(/"url"/)).replace(/,$/, '')}}`).url as string
    const key = JSON.parse(`{${await running.line(/"apiKey"/)}}`).apiKey as string
    const response = await fetch(`${url}/openapi/v1/balance`, { headers: { authorization: `Bearer ${key}` } })
    const answer = await response.json()
    running.child.kill('SIGINT')

    expect(answer).toEqual({ balance: 7 })
    expect(await running.exited).toMatchObject({ code: 0, signal: null })
  })

  it('says what to set', async () => {
    const running = start(['emulate', '--models', 'card'])

    expect(await running.line(/MESHY_BASE_URL/)).toMatch(/export MESHY_BASE_URL=http:\/\/127\.0\.0\.1:\d+$/)
    expect(await running.line(/MESHY_API_KEY/)).toMatch(/export MESHY_API_KEY=msy_/)
    expect(await running.line(/\.env\.local/)).toContain('in every terminal that builds')
  })

  it('says to choose another port when the port is in use', async () => {
    const running = start(['emulate', '--models', 'card'])
    const port = /:(\d+)$/.exec(await running.line(/MESHY_BASE_URL/))?.[1] ?? ''

    const { code, stderr } = await spawnCli(['emulate', '--port', port])

    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('Choose another `--port`') })
    expect(stderr).not.toContain('    at ')
  })

  it.each([
    ['--port', 'abc'],
    ['--port', '70000'],
    ['--port', '-1'],
    ['--seconds', 'soon'],
    ['--credits', '1.5'],
    ['--models', 'cube'],
    ['--profile', 'future'],
    ['--colour', 'red'],
  ])('is a usage error with %s %s', async (...args) => {
    const { code, stdout, stderr } = await spawnCli(['emulate', ...args])

    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(args[0])
  })
})

function start(args: string[]): RunningScript {
  const running = spawnScript(CLI, args)
  onTestFinished(async () => void (await running.kill()))
  return running
}
