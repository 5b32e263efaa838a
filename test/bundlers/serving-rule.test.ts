import { resolveConfig } from 'vite'
import { describe, expect, it } from 'vitest'
import { servingRule } from '../../src/bundlers/vite-server.ts'

describe('the rule for files that a dev server of Vite serves', () => {
  it('admits what a module of any environment imports', async () => {
    const { safeModulePaths: _, ...config } = await resolved()
    const [client, ssr] = [new Set(['/else/page.png']), new Set(['/else/server.png'])]
    const serves = servingRule({
      ...config,
      environments: {
        client: { ...config.environments['client'], consumer: 'client', safeModulePaths: client },
        ssr: { ...config.environments['ssr'], consumer: 'server', safeModulePaths: ssr },
      },
    })

    expect(['page', 'server', 'other'].map((name) => serves(`/else/${name}.png`))).toEqual([
      true,
      true,
      false,
    ])
  })

  it('admits what any module imports where the server keeps one list', async () => {
    const serves = servingRule({ ...(await resolved()), safeModulePaths: new Set(['/else/page.png']) })

    expect(['page', 'other'].map((name) => serves(`/else/${name}.png`))).toEqual([true, false])
  })
})

async function resolved() {
  const config = await resolveConfig({ configFile: false, logLevel: 'silent' }, 'serve')
  return config as typeof config & { safeModulePaths?: ReadonlySet<string> }
}
