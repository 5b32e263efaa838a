import { isMeshyError, MeshyError, type ErrorCode, errnoOf, hasErrno } from '../system/errors.ts'

/**
 * Runs a step that reads `file`; undefined when there is no such file.
 *
 * @throws MESHY_CACHE_UNREADABLE when the operating system refuses; every other error as it is.
 */
export async function ifExists<T>(file: string, read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read()
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return undefined
    const errno = errnoOf(error)
    if (errno === undefined || !/^E[A-Z]+$/.test(errno)) throw error
    throw new MeshyError('MESHY_CACHE_UNREADABLE', {
      message: `\`${file}\` cannot be read (\`${errno}\`).`,
      hint: `Fix the rights of \`${file}\`, then run again.`,
      details: { file, errno },
      cause: error,
    })
  }
}

/** What a read gives; undefined for a damaged record, where that is as good as none. */
export async function ifIntact<T>(
  read: () => Promise<T | undefined>,
  codes: readonly ErrorCode[] = ['MESHY_CACHE_CORRUPT'],
): Promise<T | undefined> {
  try {
    return await read()
  } catch (error) {
    if (isMeshyError(error) && codes.includes(error.code)) return undefined
    throw error
  }
}
