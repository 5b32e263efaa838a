import { askStore, type StoreNetwork, type StoreRequest } from './ask-store.ts'
import { bodyLength, createObjectStore, headerSecret, requestBody } from './object-store.ts'
import type { ObjectCall, ObjectStore } from './object-store.ts'
import type { HttpAddress } from './store-address.ts'
import { Fault, type Reply } from '../../system/transfer.ts'

/** A server that supports `PUT` and `GET` for `/cas/<sha256>`, as Bazel caches do. */
export function createHttpStore(
  { url, basic }: HttpAddress,
  { token, network }: { token: string | undefined; network: StoreNetwork },
): ObjectStore {
  const requestOf = async ({ method, name, body }: ObjectCall): Promise<StoreRequest> => ({
    method,
    url: new URL(`${url}/${name}`),
    headers: {
      'accept-encoding': 'identity',
      ...authorization(token, basic),
      ...(body && { 'content-length': String(bodyLength(body)) }),
    },
    body: body && (await requestBody(body)),
  })
  return createObjectStore(
    (call, question) => askStore(network, { ...question, request: () => requestOf(call) }),
    { isThere, assertDone, assertGone },
  )
}

function authorization(token: string | undefined, basic: HttpAddress['basic']): Record<string, string> {
  if (token) return { authorization: `Bearer ${headerSecret('MESHY_TEAM_STORE_TOKEN', token)}` }
  if (!basic) return {}
  const pair = Buffer.from(`${basic.user}:${basic.password}`).toString('base64')
  return { authorization: `Basic ${pair}` }
}

async function isThere({ status, headers }: Reply): Promise<boolean> {
  if (status === 404 || status === 410) return false
  if (status !== 200) throw refused(status)
  if (!/^text\/html\b/i.test(headers.get('content-type') ?? '')) return true
  throw new Fault('wrong', 'sent an HTML page instead of the file')
}

async function assertDone({ status }: Reply): Promise<void> {
  if (status < 200 || status >= 300) throw refused(status)
}

async function assertGone(answer: Reply): Promise<void> {
  if (answer.status !== 404) await assertDone(answer)
}

function refused(status: number): Fault {
  const reason = status === 401 || status === 403 ? ': it requires other credentials' : ''
  return new Fault('refused', `answered ${status}${reason}`, { status })
}
