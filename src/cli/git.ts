import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { MeshyError } from '../system/errors.ts'

/**
 * The text of a file at a revision; undefined when the revision has no such file.
 *
 * @param file absolute path
 * @throws {MeshyError} MESHY_GIT_FAILED
 */
export async function readAtRevision(file: string, revision: string): Promise<string | undefined> {
  const cwd = path.dirname(file)
  const name = `./${path.basename(file)}`
  const commit = (await git(['rev-parse', '--verify', `${revision}^{commit}`], cwd)).trim()
  const listed = await git(['ls-tree', '--name-only', commit, '--', name], cwd)
  return listed.trim() === '' ? undefined : git(['show', `${commit}:${name}`], cwd)
}

async function git(args: string[], cwd: string): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)('git', args, { cwd, maxBuffer: 256 * 1024 * 1024 })
    return stdout
  } catch (error) {
    const { stderr, code } = error as { stderr?: string; code?: string | number }
    const reason = stderr?.trim() || `it could not be started (\`${code}\`)`
    throw new MeshyError('MESHY_GIT_FAILED', {
      message: `\`git ${args.join(' ')}\` failed: ${reason}`,
      hint: 'Check the name of the revision. A shallow clone, as in CI, may not contain it.',
      cause: error,
    })
  }
}
