import path from 'node:path'
import { rollup } from 'rollup'
import meshy from '../../../src/rollup.ts'

// A build by Rollup in a process of its own: `build.ts <root> <url>`; the key comes from the environment.
const [root = '', baseUrl = ''] = process.argv.slice(2)
process.chdir(root)
try {
  const plugins = [meshy({ baseUrl, mode: 'generate' })]
  const bundle = await rollup({ input: path.join(root, 'main.js'), plugins })
  await bundle.write({ dir: path.join(root, 'dist'), sourcemap: true })
} catch (error) {
  // As much of it as any bundler shows.
  console.error(error)
  console.error(JSON.stringify(error))
  process.exitCode = 1
}
