/** The key of a request: xxHash64 as hex digits. */
export const KEY_PATTERN = /^[0-9a-f]{16}$/

export const SHA256_PATTERN = /^[0-9a-f]{64}$/

/** A file extension without the dot. */
export const EXT_PATTERN = /^[a-z0-9]{1,8}$/
