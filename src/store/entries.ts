import { rm } from 'node:fs/promises'
import { z } from 'zod'
import { MeshyError } from '../system/errors.ts'
import type { CanonicalRequest } from '../request/request.ts'
import { type StoredEntry, KEY_PATTERN, entryBodySchema, provenanceSchema } from './entry.ts'
import { listKeys, type Layout } from './layout.ts'
import { createPreparation } from './prepare.ts'
import { readRecord, RECORD_VERSION, writeRecord } from './record.ts'
import { orUnwritable } from './disk-errors.ts'

/** What this machine knows about finished requests. */
export type Entries = ReturnType<typeof createEntries>

interface EntriesOptions {
  /** The key of a canonical request. */
  fingerprint: (request: CanonicalRequest) => string
  prepare?: () => Promise<void>
}

export function createEntries(
  layout: Layout,
  { fingerprint, prepare = createPreparation(layout) }: EntriesOptions,
) {
  return {
    /** @throws MESHY_CACHE_CORRUPT, MESHY_CACHE_VERSION */
    read: async (key: string): Promise<StoredEntry | undefined> => {
      const file = layout.entry(key)
      const record = await readRecord(file, { schema: () => entryRecordSchema, corrupt })
      if (!record) return undefined
      if (record.key !== key) throw corrupt(file, `its key is \`${record.key}\``)
      const { version: _, ...entry } = record satisfies StoredEntry
      const real = fingerprint(entry.request)
      if (real !== key) throw corrupt(file, `the request of \`${key}\` has the key \`${real}\``)
      return entry
    },
    /** Call it after all bytes are in the cache. @throws MESHY_CACHE_UNWRITABLE */
    write: async (entry: StoredEntry): Promise<void> => {
      const record = entryRecordSchema.parse({ version: RECORD_VERSION, ...entry })
      await prepare()
      await writeRecord(layout.entry(entry.key), record, layout.tmp)
    },
    /** Removes the record, but none of its bytes. */
    remove: async (key: string): Promise<void> => {
      const file = layout.entry(key)
      await orUnwritable(file, () => rm(file, { force: true }))
    },
    /** Sorted. */
    keys: () => listKeys(layout.entries),
  }
}

/** The content of `entries/<key>.json`. */
const entryRecordSchema = z.looseObject({
  version: z.literal(RECORD_VERSION),
  key: z.string().regex(KEY_PATTERN),
  ...entryBodySchema.shape,
  provenance: provenanceSchema,
})

function corrupt(file: string, problem: string, cause?: unknown): MeshyError {
  return new MeshyError('MESHY_CACHE_CORRUPT', {
    message: `\`${file}\` is not a valid entry: ${problem}.`,
    hint:
      `Restore \`${file}\` from a backup, or pin the model in \`blobs\` again, which is free: ` +
      '`unplugin-meshy pin "./hero.png?meshy" <file.glb>`. If the lockfile pins the model, you can delete the file; otherwise ' +
      'the next build pays again once the service has dropped the task.',
    details: { file },
    cause,
  })
}
