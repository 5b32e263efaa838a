import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { runChild } from '../lib/child.mjs'
import { createProject } from '../lib/project.mjs'

/** Different spellings of one request. They are different specifiers, and some are different modules. */
const SPELLINGS = ['?meshy', '?meshy&poly=30000', '?texture&meshy', '?meshy&no-pbr', '?moderation&meshy']
const READY = { emulated: true, mode: 'frozen' }

/** One image imported by many modules in several spellings, compared with a single import of it. */
export async function measure({ imports = 1000 } = {}) {
  const project = await createProject({ pictures: 1 })
  const { root } = project
  try {
    await writeImporters(root, 'one', 1)
    await writeImporters(root, 'many', imports)
    const { posts } = await runChild('fill', { root, entry: 'many.js', modelBytes: 2_000_000 })
    const run = (entry) => runChild('watched-build', { root, entry, meshy: READY, picture: 'p0.png' })
    return { imports, posts, once: await run('one.js'), many: await run('many.js') }
  } finally {
    await project.remove()
  }
}

async function writeImporters(root, name, count) {
  await mkdir(path.join(root, name))
  const numbers = Array.from({ length: count }, (_, i) => i)
  for (const i of numbers) {
    const specifier = `../pictures/p0.png${SPELLINGS[i % SPELLINGS.length]}`
    await writeFile(path.join(root, name, `m${i}.js`), `export { url as default } from '${specifier}'\n`)
  }
  const imports = numbers.map((i) => `import m${i} from './${name}/m${i}.js'`)
  const code = `${imports.join('\n')}\nconsole.log(${numbers.map((i) => `m${i}`).join(', ')})\n`
  await writeFile(path.join(root, `${name}.js`), code)
}
