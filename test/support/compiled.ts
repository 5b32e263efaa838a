import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { inject } from 'vitest'
import { REPOSITORY } from './project.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** The folder of what was compiled. */
    compiled: string
  }
}

const folder = inject('compiled')

/** The sources of now as JavaScript that plain Node runs. */
export const COMPILED = {
  folder,
  cli: path.join(folder, 'cli.mjs'),
  /** What {@link COMPILED.cli} calls. */
  main: path.join(folder, 'cli', 'main.mjs'),
  vite: path.join(folder, 'vite.mjs'),
}

/** A program of the tests, a file in a folder `children`, as plain Node starts it. */
export function compiledChild(source: URL): string {
  const { dir, name } = path.parse(path.relative(REPOSITORY, fileURLToPath(source)))
  return path.join(folder, dir, `${name}.mjs`)
}
