import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, describe, it } from 'vitest'
import { launchBrowser } from '../support/browser.ts'
import { findChromium } from '../support/chromium.ts'
import { extractTar } from '../support/tar.ts'

const isShipped = process.platform === 'linux' && process.arch === 'x64'

describe('findChromium', () => {
  it.runIf(isShipped)('finds the browser of the npm package when none is installed', async () => {
    const found = await findChromium({ env: { PATH: '' }, playwright: false })

    expect(found.executablePath).toMatch(/node_modules\/\.cache\/chromium-[\d.]+\/chromium$/)
    expect(await drawsWithWebGL2(await launchBrowser(found))).toBe(true)
  })

  it('skips a browser that does not start', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'meshy-browser-'))
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
    const broken = path.join(folder, 'chromium')
    await writeFile(broken, '#!/bin/sh\nexit 1\n', { mode: 0o755 })

    const { executablePath } = await findChromium({ env: { CHROMIUM_PATH: broken, PATH: folder } })

    expect(executablePath).not.toBe(broken)
  })
})

describe('launchBrowser', () => {
  it('draws with WebGL 2 when there is no graphics card', async () => {
    expect(await drawsWithWebGL2(await launchBrowser())).toBe(true)
  })
})

describe('extractTar', () => {
  it('refuses an entry when it leaves its folder', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'meshy-tar-'))
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
    const archive = Buffer.alloc(1024)
    archive.write('../escaped.txt')
    archive.write('0', 156)

    await expect(extractTar(archive, folder)).rejects.toThrow('outside')
  })
})

async function drawsWithWebGL2(browser: Awaited<ReturnType<typeof launchBrowser>>): Promise<boolean> {
  onTestFinished(() => browser.close())
  const page = await browser.newPage()
  const pixel = await page.evaluate(() => {
    const gl = document.createElement('canvas').getContext('webgl2')
    if (!gl) return []
    gl.clearColor(1, 0.5, 0, 1)
    gl.clear(gl.COLOR_BUFFER_BIT)
    const rgba = new Uint8Array(4)
    gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, rgba)
    return [...rgba]
  })
  return pixel[0] === 255 && pixel[2] === 0 && Math.abs((pixel[1] ?? 0) - 127) <= 1
}
