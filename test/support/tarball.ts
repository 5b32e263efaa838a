import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { inject } from 'vitest'
import { oncePerRun } from './once-per-run.ts'
import { mustSucceed, REPOSITORY, type Project } from './project.ts'

/**
 * Installs the packed tarball of this repository and Vite, in the versions of our own lockfile, and nothing else.
 *
 * @param flags more of `npm install`
 */
export async function installTarball(project: Project, flags: readonly string[] = []): Promise<void> {
  const tarball = await packRepository(project)
  const lock = await readRepositoryLock()
  const manifest = {
    name: 'outside',
    version: '1.0.0',
    private: true,
    type: 'module',
    dependencies: {
      'unplugin-meshy': `file:${tarball}`,
      vite: lock.packages['node_modules/vite']?.version ?? '8',
    },
  }
  // With our lockfile npm asks the registry for no metadata, so a filled npm cache is enough.
  const packages = { ...lock.packages, '': manifest }
  await project.write({
    'package.json': manifest,
    'package-lock.json': { ...lock, name: manifest.name, packages },
  })
  await mustSucceed(project.run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', ...flags]))
}

/** Packs this repository, once for all tests, and returns the path of the tarball. `dist` must have been built. */
export async function packRepository(project: Project): Promise<string> {
  const { tarball } = await oncePerRun('tarball', async () => ({ tarball: await pack(project) }))
  return tarball
}

async function pack(project: Project): Promise<string> {
  // The gate has built `dist`: building it again would pull it away from the tests that run beside this one.
  const args = ['pack', REPOSITORY, '--json', '--ignore-scripts', '--pack-destination', inject('run')]
  const { stdout } = await mustSucceed(project.run('npm', args))
  const [packed] = JSON.parse(stdout) as { filename: string; files: { path: string }[] }[]
  if (!packed?.files.some((file) => file.path === 'dist/vite.mjs')) {
    throw new Error('`dist` is missing: run `npm run build` first.')
  }
  return path.join(inject('run'), packed.filename)
}

interface Lock {
  name: string
  packages: Record<string, { version?: string }>
}

async function readRepositoryLock(): Promise<Lock> {
  return JSON.parse(await readFile(path.join(REPOSITORY, 'package-lock.json'), 'utf8')) as Lock
}
