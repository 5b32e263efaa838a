import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Whether this process may mount small volumes of its own: only root on Linux may, and not in every container. */
export const canMount = tryMounting()

/** A volume in memory at `folder`, of `bytes`, until `release` is called. `options` as for mount(8). */
export function mountVolume(folder: string, options: string): { release(): void } {
  mkdirSync(folder, { recursive: true })
  run('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder])
  return { release: () => run('umount', ['--lazy', folder]) }
}

/** The volume at `folder` can only be read from now on. */
export function makeReadOnly(folder: string): void {
  run('mount', ['-o', 'remount,ro', folder])
}

function run(command: string, args: string[]): void {
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? stderr}`)
}

function tryMounting(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false
  const folder = mkdtempSync(join(tmpdir(), 'unplugin-meshy-mount-'))
  try {
    mountVolume(folder, 'size=64k').release()
    return true
  } catch {
    return false
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
