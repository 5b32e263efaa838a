import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { inject } from 'vitest'
import type { TestProject } from 'vitest/node'
import { hasErrno } from '../../src/system/errors.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** The folder of this run of the tests. */
    run: string
  }
}

/** What goes on when the process that started it has ended, or is a file in the folder of the run. */
export interface Started {
  /** The command that ends it. */
  stop?: string[]
}

/** Starts or makes something in the first test file that wants it; all others of the run get what is told of it, as JSON. */
export async function oncePerRun<T extends object>(
  name: string,
  start: () => Promise<T & Started>,
): Promise<T> {
  const file = path.join(inject('run'), `${name}.json`)
  const lock = `${file}.lock`
  while (!(await taken(lock))) {
    while (existsSync(lock) && !existsSync(file)) await sleep(50)
    if (existsSync(file)) return JSON.parse(await readFile(file, 'utf8')) as T
  }
  try {
    const started = await start()
    await writeFile(`${file}.new`, JSON.stringify(started))
    await rename(`${file}.new`, file)
    return started
  } catch (error) {
    await rmdir(lock)
    throw error
  }
}

async function taken(lock: string): Promise<boolean> {
  try {
    await mkdir(lock)
    return true
  } catch (error) {
    if (hasErrno(error, 'EEXIST')) return false
    throw error
  }
}

/** Before and after all tests. */
export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(path.join(tmpdir(), 'meshy-tests-'))
  provide('run', folder)
  return async () => {
    const files = (await readdir(folder)).filter((name) => name.endsWith('.json'))
    for (const file of files) {
      const { stop }: Started = JSON.parse(await readFile(path.join(folder, file), 'utf8'))
      const [command, ...args] = stop ?? []
      if (command) await promisify(execFile)(command, args)
    }
    await rm(folder, { recursive: true })
  }
}
