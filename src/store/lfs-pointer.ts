const SIGNATURE = 'version https://git-lfs.github.com/spec/'

/** Whether a file starts as a Git LFS pointer: what stands in a clone instead of bytes that were never pulled. */
export function isLfsPointer(head: Uint8Array): boolean {
  return Buffer.from(head.subarray(0, SIGNATURE.length)).toString('latin1') === SIGNATURE
}
