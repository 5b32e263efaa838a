import type { BigIntStats } from 'node:fs'

/** A file as the operating system describes it. */
export interface FileState {
  /** Another text whenever the file may hold other bytes. */
  text: string
  /** When it last changed, as far as the file system tells; milliseconds since 1970. */
  changedAt: number
}

/**
 * The state of a file, from what `stat` says of it. Programs can set the time of modification, as archives do when they
 * are unpacked, but not the time of change: so both are in it.
 */
export function fileState({ ino, size, mtimeNs, mtimeMs, ctimeNs, ctimeMs }: BigIntStats): FileState {
  // FAT keeps no time of change.
  const changedAt = Math.max(Number(mtimeMs), Number(ctimeMs))
  return { text: `${size} ${mtimeNs} ${ctimeNs} ${ino}`, changedAt }
}

/** Coarser than the clock of any file system that we know of; FAT has two seconds. */
const TICK_MS = 2_000

/** Whether a later change would show in the state: one within the same tick of the file system's clock would not. */
export function isSettled({ changedAt }: FileState, now: number): boolean {
  return now - changedAt > TICK_MS
}
