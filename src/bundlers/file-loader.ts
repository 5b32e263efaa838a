import { readFile } from 'node:fs/promises'
import path from 'node:path'
import type { Session } from './session.ts'
import { ASSET_PREFIX } from './url.ts'

/** What builds of esbuild and Bun have in common, as far as we use it. */
export interface FileBuild {
  onResolve(options: { filter: RegExp }, run: (args: { path: string }) => object): void
  onLoad(
    options: { filter: RegExp; namespace: string },
    run: (args: { path: string }) => Promise<object>,
  ): void
}

const NAMESPACE = 'meshy-asset'

/** Emits our files by the bundler's `file` loader, in a namespace of our own: no loader that a user has is asked about them. */
export function emitFiles(build: FileBuild, session: Session): void {
  build.onResolve({ filter: new RegExp(`^${ASSET_PREFIX}`) }, ({ path: specifier }) => ({
    path: specifier.slice(ASSET_PREFIX.length),
    namespace: NAMESPACE,
  }))
  build.onLoad({ filter: /./, namespace: NAMESPACE }, async ({ path: file }) => ({
    contents: await readFile(path.resolve(session.bundler.root, file)),
    loader: 'file',
  }))
}
