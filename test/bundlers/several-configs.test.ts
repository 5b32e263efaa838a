import path from 'node:path'
import { watch as watchByRolldown } from 'rolldown'
import { watch as watchByRollup, type RollupWatcher } from 'rollup'
import { expect, it, onTestFinished } from 'vitest'
import type { PluginApi } from '../../src/bundlers/adapter.ts'
import meshyForRolldown from '../../src/rolldown.ts'
import meshyForRollup from '../../src/rollup.ts'
import { writePictures } from '../support/run.ts'
import { collectConsole, emulate, makeProject, paying, posted, workIn } from './harness.ts'

interface Config {
  input: string
  plugins: unknown[]
  output: { dir: string }
}

const WATCH = {
  Rollup: (configs: Config[]) => watchByRollup(configs as Parameters<typeof watchByRollup>[0]),
  Rolldown: (configs: Config[]) => watchByRolldown(configs as Parameters<typeof watchByRolldown>[0]),
}
const MESHY = { Rollup: meshyForRollup, Rolldown: meshyForRolldown }

it.each(['Rollup', 'Rolldown'] as const)(
  'a watcher with %s asks about the models of all configs that share a plugin object',
  async (name) => {
    const emulator = await emulate()
    const files = {
      'one.js': `export { url } from './one.png?meshy'\n`,
      'two.js': `export { url } from './two.png?meshy'\n`,
    }
    const { root } = await makeProject({ files })
    await writePictures(root, 'one.png', 'two.png')
    workIn(root)
    const log: string[] = []
    collectConsole(log)
    const plugin = MESHY[name](paying(emulator, { mode: 'ask' })) as { api?: PluginApi }
    const configs = ['one', 'two'].map((entry) => ({
      input: path.join(root, `${entry}.js`),
      plugins: [plugin],
      output: { dir: path.join(root, 'dist', entry) },
    }))

    const watcher = WATCH[name](configs) as Pick<RollupWatcher, 'close'>
    onTestFinished(() => watcher.close())

    await expect.poll(() => log.join('\n'), { timeout: 20_000 }).toContain('one.png, two.png: 60 credits')
    expect(await plugin.api?.agree()).toHaveLength(2)
    const arrived = () => log.filter((text) => text.includes(' is ready')).length
    await expect.poll(arrived, { timeout: 20_000 }).toBe(2)
    expect(posted(emulator)).toHaveLength(2)
  },
)
