import { serverTime, Fault, type Reply } from '../../system/transfer.ts'
import { askStore, type StoreNetwork, type StoreRequest } from './ask-store.ts'
import {
  bodyDigest,
  bodyLength,
  createObjectStore,
  headerSecret,
  readSmall,
  requestBody,
  type AskObjects,
  type CreateObject,
  type ObjectBody,
  type ObjectCall,
  type CreatingStore,
} from './object-store.ts'
import type { CredentialsProvider } from './s3-credentials.ts'
import type { S3Address } from './store-address.ts'

interface S3StoreOptions {
  credentials: CredentialsProvider
  network: StoreNetwork
}

const NOTHING: ObjectBody = { bytes: new Uint8Array() }
const MAX_ERROR_BYTES = 64 * 1024

/** Objects of a bucket, through the S3 protocol with version 4 signatures, or anonymously. */
export function createS3Store(address: S3Address, { credentials, network }: S3StoreOptions): CreatingStore {
  // How far the clock of the store is ahead: signatures are valid for only a few minutes.
  let aheadMs = 0
  const ask: AskObjects = async (call, question) => {
    const attempt = () =>
      askStore(network, {
        ...question,
        request: () => sign(address, call, { credentials, network, aheadMs }),
      })
    try {
      return await attempt()
    } catch (error) {
      const serverNow = error instanceof SkewFault ? error.serverNow : undefined
      if (serverNow === undefined) throw error
      aheadMs = serverNow - network.clock.now()
      return attempt()
    }
  }
  const create: CreateObject = (name, body, signal) =>
    ask(
      { method: 'PUT', name, body, headers: { 'if-none-match': '*' } },
      { read: wasCreated, bytes: bodyLength(body), signal },
    )
  return {
    ...createObjectStore(ask, { isThere, assertDone, assertGone: assertDone }, create),
    create: (name, bytes) => create(name, { bytes }),
  }
}

async function sign(
  address: S3Address,
  { method, name, body, headers = {} }: ObjectCall,
  { credentials, network, aheadMs }: S3StoreOptions & { aheadMs: number },
): Promise<StoreRequest> {
  const url = objectUrl(address, name)
  const content = body && { 'content-length': String(bodyLength(body)) }
  const request = { method, url, body: body && (await requestBody(body)) }
  const all = { ...headers, ...content, 'accept-encoding': 'identity' }
  const keys = await credentials()
  if (!keys) return { ...request, headers: all }
  const { AwsV4Signer } = await import('aws4fetch')
  const signed = await new AwsV4Signer({
    method,
    url: url.href,
    headers: { ...all, 'x-amz-content-sha256': bodyDigest(body ?? NOTHING) },
    accessKeyId: keys.accessKeyId,
    secretAccessKey: keys.secretAccessKey,
    ...(keys.sessionToken ? { sessionToken: headerSecret('AWS_SESSION_TOKEN', keys.sessionToken) } : {}),
    service: 's3',
    region: address.region,
    datetime: new Date(network.clock.now() + aheadMs).toISOString().replace(/[:-]|\.\d{3}/g, ''),
  }).sign()
  return { ...request, headers: Object.fromEntries(signed.headers) }
}

/** Amazon's own servers address a bucket by host, except one with dots, which no certificate covers. */
function objectUrl({ bucket, prefix, region, endpoint }: S3Address, name: string): URL {
  const key = [...prefix.split('/'), ...name.split('/')].filter(Boolean).map(escapeSegment).join('/')
  if (endpoint) return new URL(`${endpoint.href.replace(/\/+$/, '')}/${bucket}/${key}`)
  const host = `s3.${region}.amazonaws.com`
  return new URL(
    bucket.includes('.') ? `https://${host}/${bucket}/${key}` : `https://${bucket}.${host}/${key}`,
  )
}

/** Escapes like the signature: `encodeURIComponent` keeps five characters that S3 escapes. */
function escapeSegment(segment: string): string {
  const hex = (char: string) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`
  return encodeURIComponent(segment).replace(/[!'()*]/g, hex)
}

async function isThere(answer: Reply): Promise<boolean> {
  if (answer.status === 200) return true
  if (answer.status === 404) return false
  throw await refused(answer, 'it does not exist, or reading it is denied')
}

async function assertDone(answer: Reply): Promise<void> {
  if (answer.status < 200 || answer.status >= 300) throw await refused(answer)
}

async function wasCreated(answer: Reply): Promise<boolean | undefined> {
  if (answer.status >= 200 && answer.status < 300) return true
  if (answer.status === 412) return false
  if (answer.status === 501) return undefined
  throw await refused(answer)
}

/** The clocks differ; the answer says by how much. */
class SkewFault extends Fault {
  readonly serverNow: number | undefined

  constructor(status: number, serverNow: number | undefined) {
    super('refused', `answered ${status}: the clock of this machine is wrong`)
    this.serverNow = serverNow
  }
}

/** What a refusal means, in words. Its code is in the body, except for HEAD. */
async function refused({ status, headers, bytes }: Reply, denied = 'writing it is denied'): Promise<Fault> {
  const code = await errorCode(bytes)
  if (code === 'RequestTimeTooSkewed') return new SkewFault(status, serverTime(headers))
  const isDenied = status === 401 || status === 403
  const words = isDenied ? `${denied}${code ? ` (${code})` : ''}` : (code ?? 'which is not a valid answer')
  return new Fault('refused', `answered ${status}: ${words}`, { status })
}

async function errorCode(bytes: AsyncIterable<Uint8Array>): Promise<string | undefined> {
  try {
    return /<Code>(\w{1,64})<\/Code>/.exec(await readSmall(bytes, MAX_ERROR_BYTES))?.[1]
  } catch (error) {
    // A page from an intermediary, which tells us nothing.
    if (error instanceof Fault && error.kind === 'wrong') return undefined
    throw error
  }
}
