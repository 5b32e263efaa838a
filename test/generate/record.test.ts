import { rm, writeFile } from 'node:fs/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { startGate } from '../support/gate.ts'
import { failureOf, openRun, writePictures } from '../support/run.ts'
import { startService } from '../support/service.ts'
import { useTempDir } from '../support/temp-dir.ts'

const SPECIFIER = 'hero.png?meshy'

describe('recordTask', () => {
  const { path } = useTempDir()

  async function setUp() {
    await writePictures(path(), 'hero.png')
    const emulator = await startService()
    const gate = await startGate(emulator, onTestFinished)
    const run = () => openRun({ root: path(), service: { url: gate.url, apiKey: emulator.apiKey } })
    return { emulator, gate, run, taskId: () => String(emulator.tasks()[0]?.['id']) }
  }

  it('names the task that was paid for when the disk does not take its ID', async () => {
    const { emulator, gate, run, taskId } = await setUp()
    gate.onAnswer = async ({ method }) => {
      if (method !== 'POST') return
      await rm(path('.meshy', 'tmp'), { recursive: true })
      await writeFile(path('.meshy', 'tmp'), 'in the way')
    }

    const { code, message, hint } = await failureOf((await run()).load(SPECIFIER))
    await rm(path('.meshy', 'tmp'))
    const { metadata } = await (await run()).load(SPECIFIER)

    expect(code).toBe('MESHY_CACHE_UNWRITABLE')
    expect(message).toContain(`Task ${taskId()} for \`hero.png\` is paid for`)
    expect(hint).toContain(`unplugin-meshy adopt ${taskId()} ${metadata.key}`)
    expect(emulator.counts).toMatchObject({ posts: 1, created: 1 })
  })

  it('names it whatever else fails', async () => {
    const { run, taskId } = await setUp()
    const { context, load, told } = await run()
    context.ports.store.journal.accept = () => Promise.reject(new Error('a mistake of ours'))

    await expect(load(SPECIFIER)).rejects.toThrow('a mistake of ours')

    expect(told.join('\n')).toContain(`unplugin-meshy adopt ${taskId()}`)
  })
})
