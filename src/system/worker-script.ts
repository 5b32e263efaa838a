import { existsSync } from 'node:fs'

/** What is needed to start a worker. */
export interface WorkerScript {
  url: URL
  execArgv: string[]
}

/**
 * Finds the worker script of a folder: either the built one, beside the chunk that contains this code, or the
 * TypeScript source in a checkout (through jiti if Node.js cannot read TypeScript itself). Undefined if it is missing.
 */
export function findWorkerScript(
  folder: 'stand-in/mesher' | 'derive' | 'store' | 'cli/ahead',
): WorkerScript | undefined {
  const source = new URL(`../${folder}/worker.ts`, import.meta.url)
  if (existsSync(source)) {
    return {
      url: source,
      execArgv: readsTypeScript() ? [] : ['--import', import.meta.resolve('jiti/register')],
    }
  }
  // Where this code may end up after the build: the root of `dist`, or a folder for shared chunks.
  const built = [`./${folder}/worker.mjs`, `../${folder}/worker.mjs`]
  const url = built.map((path) => new URL(path, import.meta.url)).find((file) => existsSync(file))
  return url && { url, execArgv: [] }
}

function readsTypeScript(): boolean {
  const features: object = process.features
  return 'typescript' in features && features.typescript !== false
}
