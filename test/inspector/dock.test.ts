import { createKitContext, createViteDevToolsHost } from '@vitejs/devtools-kit/node'
import type { PluginWithDevTools } from '@vitejs/devtools-kit'
import type { ViteDevServer } from 'vite'
import { describe, expect, it } from 'vitest'
import { inspectDev, loadModules } from './inspected.ts'

const FRAMED = { 'x-frame-options': 'SAMEORIGIN' }
const UNFRAMED = { 'x-frame-options': 'DENY' }

describe('Vite DevTools', () => {
  it('shows the page of the models in a frame', async () => {
    const inspected = await inspectDev()
    await loadModules(inspected, '/main.js')

    const docks = await docksOf(inspected.dev.server)

    expect(docks).toEqual([
      {
        id: 'unplugin-meshy',
        type: 'iframe',
        title: 'Models',
        icon: expect.stringMatching(/^data:image\/svg\+xml,/),
        url: '/__meshy/',
      },
    ])
    const { status, headers } = await inspected.ask('')
    expect({ status, headers }).toMatchObject({ status: 200, headers: FRAMED })
    expect(headers['content-security-policy']).toMatch(/; frame-ancestors 'self'$/)
  })

  it('is told the path of a server with a base', async () => {
    const { dev } = await inspectDev({ base: '/shop/' })

    expect(await docksOf(dev.server)).toMatchObject([{ url: '/shop/__meshy/' }])
  })

  it('shows nothing where the page is turned off', async () => {
    const { dev } = await inspectDev({ options: { inspector: false } })

    expect(await docksOf(dev.server)).toEqual([])
  })

  it('is asked for by nobody without it, and no frame holds the page', async () => {
    const inspected = await inspectDev()

    const { headers } = await inspected.ask('')
    expect(headers).toMatchObject(UNFRAMED)
    expect(headers['content-security-policy']).toMatch(/; frame-ancestors 'none'$/)
  })
})

/** What plugins have put there, as Vite DevTools sets them up when a server starts. */
async function docksOf(viteServer: ViteDevServer): Promise<object[]> {
  const viteConfig = viteServer.config
  const { root } = viteConfig
  const host = createViteDevToolsHost({ viteConfig, viteServer, workspaceRoot: root })
  const run = { cwd: root, workspaceRoot: root, mode: 'dev' as const, host }
  const context = Object.assign(await createKitContext(run), { viteConfig, viteServer })
  for (const { devtools } of viteConfig.plugins as readonly PluginWithDevTools[])
    await devtools?.setup(context)
  return context.docks.values()
}
