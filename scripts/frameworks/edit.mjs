import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'

export async function editManifest(cwd, edit) {
  await editFile(path.join(cwd, 'package.json'), (text) => {
    const manifest = JSON.parse(text)
    edit(manifest)
    return `${JSON.stringify(manifest, null, 2)}\n`
  })
}

/** Changes a file of a template, which must have the expected contents. */
export async function replaceIn(file, ...changes) {
  await editFile(file, (text) =>
    changes.reduce((before, [from, to]) => {
      const after = before.replace(from, to)
      if (after === before) throw new Error(`The template has no ${from} in ${file}:\n${before}`)
      return after
    }, text),
  )
}

export async function editFile(file, edit) {
  await writeFile(file, edit(await readFile(file, 'utf8')))
}
