import { createHash, randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { Readable } from 'node:stream'
import type { StoreQuestion, StoreRequest } from './ask-store.ts'
import { Fault, ignoreFault, type Reply } from '../../system/transfer.ts'

/** The bytes of an object: in memory, or in a file with this length and SHA-256. */
export type ObjectBody = { bytes: Uint8Array } | { file: string; length: number; sha256: string }

interface WriteOptions {
  /** Writes nothing if the object exists. Decided by the store if it can, otherwise by looking first. */
  onlyNew?: boolean
  signal?: AbortSignal | undefined
}

/** Objects by name on a server: what S3 and a plain HTTP server have in common. Every method throws Fault. */
export interface ObjectStore {
  /** Passes the bytes to `sink`; undefined if there is no such object. */
  read<T>(
    name: string,
    sink: (bytes: AsyncIterable<Uint8Array>) => Promise<T>,
    options: { bytes: number; signal?: AbortSignal | undefined },
  ): Promise<T | undefined>
  has(name: string, signal?: AbortSignal): Promise<boolean>
  /** @returns whether it was written; false if it exists and `onlyNew` was requested */
  write(name: string, body: ObjectBody, options?: WriteOptions): Promise<boolean>
  remove(name: string, signal?: AbortSignal): Promise<void>
}

/** Objects of a server that has a request for what must not exist yet. */
export interface CreatingStore extends ObjectStore {
  /** Creates an object that must not exist. @returns false if it does; undefined if the store cannot decide it */
  create(name: string, bytes: Uint8Array): Promise<boolean | undefined>
}

/** A call to a server about one object. */
export interface ObjectCall {
  method: StoreRequest['method']
  name: string
  body?: ObjectBody | undefined
  headers?: Record<string, string> | undefined
}

/** Sends a call, and interprets its answer. */
export type AskObjects = <T>(call: ObjectCall, question: Omit<StoreQuestion<T>, 'request'>) => Promise<T>

/** How to interpret answers of a server. */
interface AnswerReaders {
  isThere(answer: Reply): Promise<boolean>
  assertDone(answer: Reply): Promise<void>
  /** The same for an object that was to be removed. */
  assertGone(answer: Reply): Promise<void>
}

/** Whether an object that was not given may simply not exist: without the right to list, Amazon does not say. */
export function mayBeAbsent(error: unknown): boolean {
  return error instanceof Fault && error.kind === 'refused' && error.status === 403
}

/** Undefined if the store cannot decide it. */
export type CreateObject = (
  name: string,
  body: ObjectBody,
  signal?: AbortSignal,
) => Promise<boolean | undefined>

/**
 * The objects of a server that is called this way.
 *
 * @param create writes an object that must not exist, if the server has a request for that
 */
export function createObjectStore(
  ask: AskObjects,
  readers: AnswerReaders,
  create: CreateObject = async () => undefined,
): ObjectStore {
  const { isThere, assertDone, assertGone } = readers
  const has = (name: string, signal?: AbortSignal): Promise<boolean> =>
    ask({ method: 'HEAD', name }, { read: isThere, bytes: 0, signal })
  return {
    has,
    read: (name, sink, { bytes, signal }) => {
      const read = async (answer: Reply) => ((await isThere(answer)) ? sink(answer.bytes) : undefined)
      return ask({ method: 'GET', name }, { read, bytes, signal })
    },
    write: async (name, body, { onlyNew, signal } = {}) => {
      const isKnown = onlyNew && (await has(name, signal).catch(ifUnknown))
      if (isKnown) return false
      const isCreated = isKnown === undefined && onlyNew ? await create(name, body, signal) : undefined
      if (isCreated !== undefined) return isCreated
      await ask({ method: 'PUT', name, body }, { read: assertDone, bytes: bodyLength(body), signal })
      return true
    },
    remove: (name, signal) => ask({ method: 'DELETE', name }, { read: assertGone, bytes: 0, signal }),
  }
}

/** Whoever may not look may be allowed to write. */
function ifUnknown(error: unknown): undefined {
  if (!mayBeAbsent(error)) throw error
}

/**
 * Reads all of a small object as text.
 *
 * @throws {Fault} if it is larger: objects that are small by nature do not grow by themselves
 */
export async function readSmall(bytes: AsyncIterable<Uint8Array>, limit: number): Promise<string> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of bytes) {
    length += chunk.byteLength
    if (length > limit) throw new Fault('wrong', 'sent an object that is too large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

/** Far more than a lease or a sign of life needs. */
const MAX_TEXT_BYTES = 64 * 1024

/** Reads a small object. What is denied counts as absent: if it exists, it cannot be created. */
export async function readObject(objects: ObjectStore, name: string): Promise<string | undefined> {
  try {
    return await objects.read(name, (bytes) => readSmall(bytes, MAX_TEXT_BYTES), { bytes: 0 })
  } catch (error) {
    if (mayBeAbsent(error)) return undefined
    throw error
  }
}

/** A small object, as it is written. */
export function jsonLine(value: object): Buffer {
  return Buffer.from(`${JSON.stringify(value)}\n`)
}

/** Larger files are streamed: there, memory matters more than speed. */
const STREAMED_FROM_BYTES = 32 * 1024 * 1024

/** A body for `fetch`, created again for each attempt. */
export async function requestBody(body: ObjectBody): Promise<Uint8Array | ReadableStream<Uint8Array>> {
  if ('bytes' in body) return body.bytes
  if (body.length < STREAMED_FROM_BYTES) return readFile(body.file)
  return Readable.toWeb(createReadStream(body.file)) as ReadableStream<Uint8Array>
}

export function bodyLength(body: ObjectBody): number {
  return 'bytes' in body ? body.bytes.byteLength : body.length
}

/** SHA-256, hexadecimal. */
export function bodyDigest(body: ObjectBody): string {
  return 'bytes' in body ? createHash('sha256').update(body.bytes).digest('hex') : body.sha256
}

/**
 * A secret for a header, which often comes from a file with a line break at its end. Others are refused here, because
 * whoever would refuse them later would show them.
 */
export function headerSecret(variable: string, value: string): string {
  const secret = value.trim()
  if (/^[\t\x20-\x7e\x80-\xff]+$/.test(secret)) return secret
  throw new Fault('refused', `cannot be asked: \`${variable}\` has characters that no header may contain`)
}

/** The number of writers in the race. */
const RACERS = 4
const MAX_PROBE_BYTES = 1024

/**
 * Whether a store decides who was first to write a name. Several writers at once on a name that nobody has used: two of
 * them, one after the other, would prove nothing.
 *
 * @throws {Fault} if the store cannot say, or does not give back what was written
 */
export async function decidesFirst(store: CreatingStore): Promise<boolean> {
  const name = `leases/probe-${randomBytes(8).toString('hex')}`
  const racers = Array.from({ length: RACERS }, (_, racer) => store.create(name, jsonLine({ racer })))
  const results = await Promise.all(racers)
  const won = results.filter(Boolean).length
  if (won > 0) {
    await store.read(name, (bytes) => readSmall(bytes, MAX_PROBE_BYTES), { bytes: 0 })
    // A tiny object, so that it may stay.
    await store.remove(name).catch(ignoreFault)
  }
  // The winner lost its answer, and was refused when it asked again.
  if (results.every((result) => result === false)) throw new Fault('transient', 'lost an answer')
  return won === 1
}
