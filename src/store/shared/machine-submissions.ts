import { rm } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { MeshyError } from '../../system/errors.ts'
import type { Layout } from '../layout.ts'
import { KEY_PATTERN } from '../patterns.ts'
import { readRecord, RECORD_VERSION, writeRecord } from '../record.ts'
import { orUnwritable } from '../unwritable.ts'
import { onItsWaySchema, type OnItsWay } from './on-its-way.ts'

/** Whose payment, and for which key. */
export interface Turn {
  account: string
  key: string
}

const schema = z.looseObject({ version: z.literal(RECORD_VERSION), onItsWay: onItsWaySchema })

/** What was sent for the keys of a machine: `journal/<account>-<key>.json`. */
export interface MachineSubmissions {
  /** @throws {MeshyError} MESHY_CACHE_CORRUPT, MESHY_CACHE_VERSION, MESHY_CACHE_UNREADABLE */
  read(turn: Turn): Promise<OnItsWay | undefined>
  /** @throws {MeshyError} MESHY_CACHE_UNWRITABLE */
  write(turn: Turn, onItsWay: OnItsWay | undefined): Promise<void>
}

export function createMachineSubmissions(layout: Layout, prepare: () => Promise<void>): MachineSubmissions {
  const fileOf = ({ account, key }: Turn): string => {
    if (!KEY_PATTERN.test(account) || !KEY_PATTERN.test(key)) throw new TypeError('Expected two digests')
    return path.join(layout.journal, `${account}-${key}.json`)
  }
  return {
    read: async (turn) => (await readRecord(fileOf(turn), { schema, corrupt }))?.onItsWay,
    write: async (turn, onItsWay) => {
      const file = fileOf(turn)
      if (!onItsWay) return orUnwritable(file, () => rm(file, { force: true }))
      await prepare()
      await writeRecord(file, { version: RECORD_VERSION, onItsWay }, layout.tmp)
    },
  }
}

function corrupt(file: string, problem: string, cause?: unknown): MeshyError {
  return new MeshyError('MESHY_CACHE_CORRUPT', {
    message: `\`${file}\` is no record of a submission: ${problem}.`,
    hint: 'Delete the file, unless a model of that key was being paid for.',
    cause,
  })
}
