import { copyFile, mkdir } from 'node:fs/promises'
import path from 'node:path'
import { REPOSITORY, type Finished, type Project } from '../support/project.ts'

export const TYPESCRIPTS = {
  'TypeScript 5.9': 'typescript',
  'TypeScript 6': 'ts6',
  'TypeScript 7': 'ts7',
} as const

/** As strict as a project can be about files that it did not write itself. */
export const TSCONFIG = {
  compilerOptions: {
    target: 'es2022',
    module: 'esnext',
    moduleResolution: 'bundler',
    lib: ['es2022'],
    types: [],
    strict: true,
    skipLibCheck: false,
    noUncheckedSideEffectImports: true,
    resolveJsonModule: true,
    noEmit: true,
  },
}

/** Puts what the package says of types into a project, from the sources of now. */
export async function installTypes({ root }: Project): Promise<void> {
  const folder = path.join(root, 'node_modules', 'unplugin-meshy')
  await mkdir(path.join(folder, 'dist'), { recursive: true })
  await copyFile(path.join(REPOSITORY, 'package.json'), path.join(folder, 'package.json'))
  await copyFile(path.join(REPOSITORY, 'client.d.ts'), path.join(folder, 'client.d.ts'))
  // It holds types alone, so that source and declarations are the same.
  await copyFile(path.join(REPOSITORY, 'src', 'types.ts'), path.join(folder, 'dist', 'types.d.mts'))
}

/** Checks a project. */
export function runTsc(project: Project, name: string): Promise<Finished> {
  const tsc = path.join(REPOSITORY, 'node_modules', name, 'bin', 'tsc')
  return project.run(process.execPath, [tsc, '--pretty', 'false', '-p', '.'])
}
