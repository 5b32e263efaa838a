import { cp } from 'node:fs/promises'
import path from 'node:path'
import { onTestFinished } from 'vitest'
import { createProject, type Project } from '../../support/project.ts'
import { writePictures } from '../../support/run.ts'

/** Names of the pictures, and so of the models. */
export const NAMES = ['alias', 'parcel', 'relative'] as const

const PICTURES = ['src/pics/alias.png', 'node_modules/pictures/parcel.png', 'src/relative.png']

/** The entry of a project: three ways to name a picture, and what a page or a test can look at. */
const ENTRY = `import alias from '@/pics/alias.png?meshy&poly=500'
import parcel from 'pictures/parcel.png?poly=500&prompt=secret%20wish&meshy'
import relative, { url, metadata } from './relative.png?meshy&textures'

const models = { alias, parcel, relative, named: { url, metadata } }
globalThis.models = models
export default models
`

/** A project with three small pictures, one of them in a package. */
export async function makeFixture(): Promise<Project> {
  const project = await createProject({
    files: {
      'package.json': { name: 'fixture', private: true, type: 'module' },
      'node_modules/pictures/package.json': { name: 'pictures', version: '1.0.0' },
      'src/main.js': ENTRY,
    },
  })
  onTestFinished(() => project.remove())
  await writePictures(project.root, ...PICTURES)
  return project
}

/** Another checkout of a project, in another folder: its committed files, and no more. */
export async function checkout(project: Project): Promise<Project> {
  const other = await createProject()
  onTestFinished(() => other.remove())
  const committed = ['package.json', 'node_modules', 'src', 'meshy-lock.json', '.meshy/blobs']
  for (const name of committed) {
    await cp(path.join(project.root, name), path.join(other.root, name), { recursive: true })
  }
  return other
}
