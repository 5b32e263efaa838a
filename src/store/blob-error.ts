import { MeshyError, type ErrorCode } from '../system/errors.ts'

/** What the file of a blob is, compared with what it should be. */
export type BlobStatus = 'ok' | 'missing' | 'damaged' | 'lfs-pointer'

/** Why the bytes of a blob cannot be used, and what to do. */
export function blobUnusable(file: string, status: Exclude<BlobStatus, 'ok'>): MeshyError {
  const { code, problem, hint } = PROBLEMS[status]
  return new MeshyError(code, { message: `\`${file}\` ${problem}.`, hint, details: { file, status } })
}

const RESTORE = 'Build again: while Meshy keeps the task, the file is fetched from it without paying.'

const PROBLEMS: Record<Exclude<BlobStatus, 'ok'>, { code: ErrorCode; problem: string; hint: string }> = {
  missing: { code: 'MESHY_BLOB_MISSING', problem: 'does not exist', hint: RESTORE },
  damaged: {
    code: 'MESHY_BLOB_DAMAGED',
    problem: 'does not hold the bytes that its name says',
    hint: RESTORE,
  },
  'lfs-pointer': {
    code: 'MESHY_BLOB_LFS_POINTER',
    problem: 'is a Git LFS pointer: the bytes were never pulled',
    hint: 'Run `git lfs pull`; in CI, check out with LFS switched on.',
  },
}
