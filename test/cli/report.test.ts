import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import { build, paying } from '../bundlers/harness.ts'
import { sharedBrowser } from '../support/browser.ts'
import { mustSucceed, REPOSITORY } from '../support/project.ts'
import { emulate, importing, jsonError, keyless, makeModels, runCli, viteProject } from './harness.ts'

describe('report', () => {
  it('writes one file that shows every model of the build without a server', async () => {
    const emulator = await emulate()
    const project = await viteProject({
      pictures: { 'car.png': 'car.png' },
    })
    await makeModels(project, emulator, './hero.png?meshy&pbr')
    const { root: cwd } = project
    await project.write({ 'main.js': importing('./hero.png?meshy&pbr', './car.png?meshy&prompt=</script>') })
    const requests = emulator.counts.total

    const { stdout } = await mustSucceed(
      runCli(['report', '--out', 'models.html'], { cwd, env: keyless(emulator) }),
    )

    expect(stdout).toBe('models.html: 2 models\n')
    expect(emulator.counts.total).toBe(requests)
    const file = path.join(cwd, 'models.html')
    const text = await readFile(file, 'utf8')
    expect(text).not.toContain(cwd)
    expect(text).not.toContain(emulator.apiKey)

    const { page, problems } = await open(file)
    await page.locator('.view[data-shown]').waitFor()
    await page.screenshot({ path: path.join(REPOSITORY, 'test', '.tmp', 'report.png'), fullPage: true })
    expect(await page.locator('h2').allTextContents()).toEqual(['car.png', 'hero.png'])
    expect(await page.locator('.badge').allTextContents()).toEqual(['missing', 'ready'])
    expect(await page.locator('.chips li').allTextContents()).toEqual(['prompt=</script>', 'pbr'])
    expect(await page.getByRole('button').count()).toBe(0)
    expect(problems).toEqual([])
  })

  it('creates the folder of its file, and refuses a place that cannot have one', async () => {
    const emulator = await emulate()
    const { root: cwd } = await viteProject({ files: { 'main.js': importing('./hero.png?meshy') } })
    const report = (out: string) =>
      runCli(['report', '--json', '--out', out], { cwd, env: keyless(emulator) })

    await mustSucceed(report('für alle/models.html'))
    const refused = await report('main.js/models.html')

    expect(await readFile(path.join(cwd, 'für alle', 'models.html'), 'utf8')).toContain('hero.png')
    expect(refused.code).toBe(1)
    expect(jsonError(refused)).toMatchObject({ code: 'MESHY_COMMAND_REFUSED' })
  })
})

describe('the page of a report', () => {
  it('draws a model of Draco without a server, and holds the decoder only then', async () => {
    const emulator = await emulate({ models: 'mesh' })
    const project = await viteProject({ files: { 'main.js': importing('./hero.png?meshy&poly=3000') } })
    const { root: cwd } = project
    const report = async (specifier: string) => {
      await project.write({ 'main.js': importing(specifier) })
      await build('Vite 8', project, { meshy: paying(emulator) })
      await mustSucceed(runCli(['report', '--out', 'models.html'], { cwd, env: keyless(emulator) }))
      return readFile(path.join(cwd, 'models.html'), 'utf8')
    }

    expect(await report('./hero.png?meshy&poly=3000')).not.toContain('id="meshy-draco')
    expect(await report('./hero.png?meshy&poly=3000&compress=draco')).toContain('id="meshy-draco-wasm"')

    const { page, problems } = await open(path.join(cwd, 'models.html'))
    await page.locator('.view[data-shown]').waitFor()
    await page.screenshot({ path: path.join(REPOSITORY, 'test', '.tmp', 'report-draco.png') })
    expect(await page.locator('.note').innerText()).toBe('')
    expect(problems).toEqual([])
  })
})

async function open(file: string) {
  const browser = await sharedBrowser()
  const page = await browser.newPage()
  onTestFinished(() => page.close())
  const problems: string[] = []
  page.on('pageerror', (error) => problems.push(error.message))
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()))
  page.on('request', (request) => /^https?:/.test(request.url()) && problems.push(request.url()))
  await page.goto(pathToFileURL(file).href)
  return { page, problems }
}
