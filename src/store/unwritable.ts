import { dirname } from 'node:path'
import { MeshyError, type ErrorCode, errnoOf } from '../system/errors.ts'

/** What each error of the operating system means for somebody who wants to write. */
const REASONS: Record<string, string> = {
  EACCES: 'permission is denied',
  EBUSY: 'it is in use, or a volume of its own',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'the volume does not take files of this size',
  EIO: 'the disk reports an error',
  EISDIR: 'a folder is in the way',
  ELOOP: 'its symbolic links run in a circle',
  EMFILE: 'too many files are open',
  ENAMETOOLONG: 'the path is too long',
  ENOENT: 'a folder above it cannot be made or vanished',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'a file is where a folder should be',
  EPERM: 'the operation is not permitted',
  EROFS: 'the volume is read-only',
  EXDEV: 'it is a volume of its own',
}

/**
 * Runs a step that writes `file`.
 *
 * @throws MESHY_CACHE_UNWRITABLE, or `code`, when the operating system refuses; every other error as it is.
 */
export async function orUnwritable<T>(
  file: string,
  write: () => Promise<T>,
  code: ErrorCode = 'MESHY_CACHE_UNWRITABLE',
): Promise<T> {
  try {
    return await write()
  } catch (error) {
    const errno = errnoOf(error)
    const reason = errno === undefined ? undefined : REASONS[errno]
    if (errno === undefined || reason === undefined) throw error
    throw new MeshyError(code, {
      message: `\`${file}\` cannot be written: ${reason} (\`${errno}\`).`,
      hint: `Free space or fix the rights of \`${dirname(file)}\`, then run again.`,
      details: { file, errno },
      cause: error,
    })
  }
}
