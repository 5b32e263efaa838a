import { chmod, chown, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { makePng } from '../../glb/pictures.ts'
import { startGenerating } from '../../support/generate-child.ts'
import { startService } from '../../support/service.ts'
import { useTempDir } from '../../support/temp-dir.ts'

const temp = useTempDir()
const [OWNER, OTHER] = [65_533, 65_534]

/** A project of a user, in a folder that others may enter. */
async function projectOf(user: number, name: string): Promise<string> {
  const root = temp.path(name)
  await mkdir(root)
  await writeFile(`${root}/package.json`, '{}')
  await writeFile(`${root}/hero.png`, makePng(4, 2))
  await chown(root, user, user)
  return root
}

async function folderOf(user: number): Promise<string> {
  await chmod(temp.path(), 0o755)
  const folder = temp.path('machine')
  await mkdir(folder)
  await chown(folder, user, user)
  return folder
}

/** Everything below a folder, with whose it is. */
async function ownersIn(folder: string): Promise<Set<number>> {
  const names = await readdir(folder, { recursive: true })
  return new Set(await Promise.all(names.map(async (name) => (await stat(`${folder}/${name}`)).uid)))
}

describe.skipIf(process.getuid?.() !== 0)('two users with one folder for their store (needs root)', () => {
  it('build side by side, and only its owner uses it', async () => {
    const service = await startService({ taskMs: 300 })
    const machineStore = await folderOf(OWNER)
    const roots = [await projectOf(OWNER, 'owner'), await projectOf(OTHER, 'other')] as const
    const plan = { specifiers: ['hero.png?meshy'], machineStore }

    const [owner, other] = await Promise.all([
      startGenerating(roots[0], service, { ...plan, user: OWNER }).exited,
      startGenerating(roots[1], service, { ...plan, user: OTHER }).exited,
    ])

    expect([owner.stdout.trim(), other.stdout.trim()]).toEqual(['ready', 'ready'])
    expect(owner.stderr).not.toContain('the machine store')
    expect(other.stderr.match(/it belongs to another user/g)).toHaveLength(1)
    expect(await ownersIn(machineStore)).toEqual(new Set([OWNER]))
  })

  it('trusts nothing that the other one has put there', async () => {
    const service = await startService()
    const machineStore = await folderOf(OTHER)
    const plan = { specifiers: ['hero.png?meshy'], machineStore }
    const theirs = await projectOf(OTHER, 'other')
    await startGenerating(theirs, service, { ...plan, user: OTHER }).exited
    const root = await projectOf(OWNER, 'owner')

    const { stdout, stderr } = await startGenerating(root, await startService(), { ...plan, user: OWNER })
      .exited

    expect(stdout.trim()).toBe('ready')
    expect(stderr).not.toMatch(/taken from/)
    expect(await readFile(`${root}/meshy-lock.json`, 'utf8')).not.toBe(
      await readFile(`${theirs}/meshy-lock.json`, 'utf8'),
    )
  })
})
