// In the place of `src/store/shared/s3-store.ts`: the bucket of the world.
import { readFile } from './fs-promises.ts'
import type { ObjectBody } from '../../../src/store/shared/object-store.ts'
import type { CreatingStore } from '../../../src/store/shared/object-store.ts'
import { Fault } from '../../../src/system/transfer.ts'
import { here, world } from '../machine.ts'

/** How many mishaps are the beginning of an outage, in which holders of leases can give no sign of life. */
const OUTAGES = 0.1
const OUTAGE_MS = 70_000

export function createS3Store(): CreatingStore {
  const ask = <T>(
    call: string,
    name: string,
    effect: (objects: Map<string, Buffer>) => T,
    unheard: () => T,
  ): Promise<T> => {
    const { bucket } = here
    return world().operation(`bucket ${call}`, name, () => {
      const mishap = bucket.mishap()
      if (mishap === 'down' && here.random() < OUTAGES) bucket.downUntil = world().now + OUTAGE_MS
      if (mishap === 'down' || world().now < (bucket.downUntil ?? 0))
        throw new Fault('transient', 'answered 503')
      const result = effect(bucket.objects)
      return mishap === 'answer lost' ? unheard() : result
    })
  }
  const write = (name: string, bytes: Buffer) =>
    ask(
      'write',
      name,
      (objects) => void objects.set(name, bytes),
      () => undefined,
    )
  const has = (name: string) =>
    ask(
      'has',
      name,
      (objects) => objects.has(name),
      () => {
        throw new Fault('transient', 'broke the connection')
      },
    )
  return {
    has,
    read: async (name, sink) => {
      const bytes = await ask(
        'read',
        name,
        (objects) => objects.get(name),
        () => {
          throw new Fault('transient', 'broke the connection')
        },
      )
      return bytes && sink(streamOf(bytes))
    },
    write: async (name, body, { onlyNew } = {}) => {
      if (onlyNew && (await has(name))) return false
      await write(name, await bytesOf(body))
      return true
    },
    create: (name, bytes) =>
      ask(
        'create',
        name,
        (objects) => {
          if (objects.has(name)) return false
          objects.set(name, Buffer.from(bytes))
          return true
        },
        // It is sent again, and then the object is there.
        () => false,
      ),
    remove: (name) =>
      ask(
        'remove',
        name,
        (objects) => void objects.delete(name),
        () => undefined,
      ),
  }
}

async function bytesOf(body: ObjectBody): Promise<Buffer> {
  return 'bytes' in body ? Buffer.from(body.bytes) : ((await readFile(body.file)) as Buffer)
}

async function* streamOf(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield bytes
}
