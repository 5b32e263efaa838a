import { rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { rspack } from '@rspack/core'
import webpack from 'webpack'
import { describe, expect, it } from 'vitest'
import meshyForRspack from '../../../src/rspack.ts'
import meshyForWebpack from '../../../src/webpack.ts'
import { emulate, paying, readFiles } from '../harness.ts'
import { runCompiler, type RunnableCompiler } from './drivers.ts'
import { makeFixture } from './fixture.ts'

const FAMILY = {
  webpack: { compile: webpack as (config: object) => unknown, plugin: meshyForWebpack },
  Rspack: { compile: rspack as (config: object) => unknown, plugin: meshyForRspack },
}

/** The compilers of Next.js: their names, and where each puts its output below the one folder. */
const PARTS = [
  { name: 'server', folder: 'server/chunks' },
  { name: 'edge-server', folder: 'server' },
  { name: 'client', folder: '' },
] as const

describe.each(['webpack', 'Rspack'] as const)('the compilers of Next.js with %s', (bundler) => {
  it.each(PARTS)('put files of $name code where its server gives them out', async (part) => {
    const { compile, files, posts } = await compileLikeNext(bundler)

    await compile(part)

    const [served, ...others] = [...(await files()).keys()].filter((file) => file.endsWith('.glb'))
    expect(served).toMatch(/^static\/media\/relative-[0-9a-f]{8}\.glb$/)
    expect(others).toEqual([])
    expect(await codeOfPart(files, part.folder)).toContain(`"${served}"`)
    expect(posts()).toBe(1)
  })

  it('share one file and one payment', async () => {
    const { compile, files, posts } = await compileLikeNext(bundler)

    for (const part of PARTS) await compile(part)

    expect([...(await files()).keys()].filter((file) => file.endsWith('.glb'))).toHaveLength(1)
    expect(posts()).toBe(1)
  })
})

async function compileLikeNext(bundler: keyof typeof FAMILY) {
  const emulator = await emulate()
  const { root } = await makeFixture()
  await writeFile(path.join(root, 'src/main.js'), "export { url } from './relative.png?meshy&poly=500'\n")
  const dist = path.join(root, '.next')
  await rm(dist, { recursive: true, force: true })
  const { compile, plugin } = FAMILY[bundler]
  const compilePart = ({ name, folder }: (typeof PARTS)[number]) => {
    const output = {
      path: path.join(dist, folder),
      publicPath: '/docs/_next/',
      filename: `${name}.js`,
      library: { type: 'commonjs2' },
    }
    const config = { name, context: root, mode: 'production', devtool: false, entry: './src/main.js', output }
    return runCompiler(compile({ ...config, plugins: [plugin(paying(emulator))] }) as RunnableCompiler)
  }
  return { compile: compilePart, files: () => readFiles(dist), posts: () => emulator.counts.posts }
}

async function codeOfPart(files: () => Promise<Map<string, Buffer>>, folder: string): Promise<string> {
  const code = [...(await files())].filter(
    ([file]) => path.posix.dirname(file) === (folder || '.') && file.endsWith('.js'),
  )
  return code.map(([, bytes]) => String(bytes)).join('\n')
}
