import type { Context } from '../../../src/run/context.ts'

/** Steps between reading an image and forgetting the journal's record, in their order. */
export const STEPS = [
  'image read',
  'lease taken',
  'batch decided',
  'journal about to start',
  'journal started',
  'answer received',
  'task accepted',
  'task heard of',
  'download begun',
  'blob stored',
  'entry about to be written',
  'entry written',
  'model pinned',
  'journal cleared',
] as const
export type Step = (typeof STEPS)[number]

/** Makes this process kill itself at a step, as `kill -9` from outside does. */
export async function stopAt(context: Context, step: string): Promise<void> {
  const hook = HOOKS[step as Step]
  if (!hook) throw new Error(`There is no step \`${step}\``)
  await hook(context)
}

const HOOKS: Record<Step | 'about to send', (context: Context) => void | Promise<void>> = {
  // Not among the steps: the next run then waits until no answer can come any more.
  'about to send': ({ ports: { store } }) => after(store.journal, 'send'),
  'image read': ({ ports: { store } }) => before(store, 'withLease'),
  'lease taken': ({ ports: { store } }) => {
    const { withLease } = store
    store.withLease = (key, _, options) => withLease(key, die, options)
  },
  'batch decided': async ({ paying }) => after((await paying()).purse.batch, 'admit'),
  'journal about to start': ({ ports: { store } }) => before(store.journal, 'start'),
  'journal started': ({ ports: { store } }) => after(store.journal, 'start'),
  'answer received': ({ ports: { store } }) => before(store.journal, 'accept'),
  'task accepted': ({ ports: { store } }) => after(store.journal, 'accept'),
  'task heard of': ({ ports: { models } }) =>
    models.subscribe(({ work }) => {
      if (typeof work?.step === 'object') void die()
    }),
  'download begun': ({ ports: { store } }) => {
    const { write } = store.blobs
    store.blobs.write = (source, options) => write(firstChunkOf(source), options)
  },
  'blob stored': ({ ports: { store } }) => after(store.blobs, 'write'),
  'entry about to be written': ({ ports: { store } }) => before(store.entries, 'write'),
  'entry written': ({ ports: { store } }) => after(store.entries, 'write'),
  'model pinned': ({ ports: { store } }) => {
    if (store.lockfile) after(store.lockfile, 'put')
  },
  'journal cleared': ({ ports: { store } }) => after(store.journal, 'clear'),
}

function die(): Promise<never> {
  process.kill(process.pid, 'SIGKILL')
  return new Promise(() => {})
}

function before<T extends object>(target: T, name: keyof T): void {
  Object.assign(target, { [name]: die })
}

function after<T extends object>(target: T, name: keyof T): void {
  const method = target[name] as (...args: unknown[]) => Promise<unknown>
  const whole = async (...args: unknown[]) => {
    await method.apply(target, args)
    return die()
  }
  Object.assign(target, { [name]: whole })
}

async function* firstChunkOf(source: AsyncIterable<Uint8Array> | Uint8Array) {
  for await (const chunk of source instanceof Uint8Array ? [source] : source) {
    yield chunk.subarray(0, 10)
    await die()
  }
}
