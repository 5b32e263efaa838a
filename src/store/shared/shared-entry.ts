import { createHmac, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import { parseJson } from '../../system/json.ts'
import { inOneOrder } from '../../request/param-value.ts'
import { type Entry, KEY_PATTERN, entryBodySchema, isSameModel } from '../entry.ts'
import { uniteModels } from '../lockfile-document.ts'

/** The record of a finished request as a team keeps it, signed if the team has a key for that. */
const sharedEntrySchema = z.looseObject({
  version: z.literal(1),
  key: z.string().regex(KEY_PATTERN),
  entry: entryBodySchema,
  signature: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
})

/** Why a record is not accepted: continues "its entry". */
export type EntryRefusal =
  | 'is not a record'
  | 'is of another request'
  | 'is not signed'
  | 'has a wrong signature'

export const MAX_ENTRY_BYTES = 1024 * 1024

/** The text of a record. */
export function writeSharedEntry({ key, ...entry }: Entry, signingKey: string | undefined): string {
  const signature = signingKey === undefined ? {} : { signature: signatureOf(signingKey, signed(key, entry)) }
  return `${JSON.stringify({ version: 1, key, entry, ...signature }, undefined, 2)}\n`
}

/**
 * Reads a record that someone else wrote.
 *
 * @param keyOf the key of a canonical request
 */
export function readSharedEntry(
  text: string,
  wanted: {
    key: string
    keyOf: (request: Entry['request']) => string
    signingKey: string | undefined
  },
): Entry | EntryRefusal {
  const parsed = sharedEntrySchema.safeParse(parseJson(text))
  if (!parsed.success) return 'is not a record'
  const { key, entry, signature } = parsed.data
  if (key !== wanted.key || wanted.keyOf(entry.request) !== wanted.key) return 'is of another request'
  if (wanted.signingKey !== undefined) {
    if (signature === undefined) return 'is not signed'
    if (!isSignedBy(wanted.signingKey, signed(key, entry), signature)) return 'has a wrong signature'
  }
  return { key, ...entry }
}

/** Covers key, request and files: what decides which bytes are used for what. */
function signed(key: string, { request, files, derived = {} }: Omit<Entry, 'key'>): object {
  const digests = Object.entries({ ...files, ...derived }).map(([name, { sha256, bytes }]) => [
    name,
    [sha256, bytes],
  ])
  return { key, request, digests: Object.fromEntries(digests) as object }
}

/**
 * Signs a value with a text that a team shares, as 64 hex digits, regardless of the order in which its fields were
 * written.
 */
export function signatureOf(signingKey: string, value: object): string {
  return createHmac('sha256', signingKey)
    .update(JSON.stringify(inOneOrder(value)))
    .digest('hex')
}

export function isSignedBy(signingKey: string, value: object, signature: string | undefined): boolean {
  const due = Buffer.from(signatureOf(signingKey, value))
  const given = Buffer.from(signature ?? '')
  return given.length === due.length && timingSafeEqual(given, due)
}

/** An entry, and what another project has of the same model besides: each keeps only what it imports. */
export function withOthers<E extends Entry>(entry: E, known: Entry | undefined): E {
  if (!known || !isSameModel(known, entry)) return entry
  const { unavailable: _, ...own } = entry
  return { ...own, ...uniteModels(entry, known), key: entry.key } as E
}
