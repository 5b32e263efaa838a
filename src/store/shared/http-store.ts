import { askStore, type StoreAnswer, type StoreNetwork } from './ask-store.ts'
import type { StoreRequest } from './exchange.ts'
import { type ObjectStore, bodyLength, requestBody } from './object-store.ts'
import type { HttpAddress } from './store-address.ts'
import { StoreFault } from './store-fault.ts'

/** A server that keeps `PUT` and `GET` of `/cas/<sha256>`, as the caches of Bazel do. */
export function createHttpStore(
  { url, basic }: HttpAddress,
  { token, network }: { token: string | undefined; network: StoreNetwork },
): ObjectStore {
  const authorization = token
    ? `Bearer ${token}`
    : basic && `Basic ${Buffer.from(`${basic.user}:${basic.password}`).toString('base64')}`
  const requestOf = (method: StoreRequest['method'], name: string): StoreRequest => ({
    method,
    url: new URL(`${url}/${name}`),
    headers: { 'accept-encoding': 'identity', ...(authorization ? { authorization } : {}) },
  })
  const has = (name: string, signal?: AbortSignal): Promise<boolean> =>
    askStore(network, {
      request: async () => requestOf('HEAD', name),
      read: async (answer) => isThere(answer),
      bytes: 0,
      signal,
    })
  return {
    has,
    read: (name, sink, { bytes, signal }) =>
      askStore(network, {
        request: async () => requestOf('GET', name),
        read: async (answer) => ((await isThere(answer)) ? sink(answer.bytes) : undefined),
        bytes,
        signal,
      }),
    write: async (name, body, { onlyNew, signal }) => {
      if (onlyNew && (await has(name, signal))) return false
      const length = bodyLength(body)
      await askStore(network, {
        request: async () => {
          const request = requestOf('PUT', name)
          const headers = { ...request.headers, 'content-length': String(length) }
          return { ...request, headers, body: await requestBody(body) }
        },
        read: assertDone,
        bytes: length,
        signal,
      })
      return true
    },
    remove: (name, signal) =>
      askStore(network, {
        request: async () => requestOf('DELETE', name),
        read: async (answer) => {
          if (answer.status !== 404) await assertDone(answer)
        },
        bytes: 0,
        signal,
      }),
  }
}

async function isThere({ status, headers }: StoreAnswer): Promise<boolean> {
  if (status === 404 || status === 410) return false
  if (status !== 200) throw refused(status)
  if (!/^text\/html\b/i.test(headers.get('content-type') ?? '')) return true
  throw new StoreFault('wrong', 'sent an HTML page instead of the file')
}

async function assertDone({ status }: StoreAnswer): Promise<void> {
  if (status < 200 || status >= 300) throw refused(status)
}

function refused(status: number): StoreFault {
  const reason = status === 401 || status === 403 ? ': it requires other credentials' : ''
  return new StoreFault('refused', `answered ${status}${reason}`, { status })
}
