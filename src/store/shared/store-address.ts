import { MeshyError } from '../../system/errors.ts'
import { isLoopback } from '../../system/host.ts'
import type { Environment } from '../../system/process.ts'

/** Where a team keeps its bytes. */
export type StoreAddress = S3Address | HttpAddress

export interface S3Address {
  kind: 's3'
  bucket: string
  /** Without slashes at either end; may be empty. */
  prefix: string
  region: string
  /** Undefined: Amazon's own for the region. */
  endpoint: URL | undefined
  /** For people. */
  label: string
}

export interface HttpAddress {
  kind: 'http'
  /** Without a trailing slash, user name and password. */
  url: string
  basic: { user: string; password: string } | undefined
  label: string
}

/** What messages say about each kind of store: the form of its address, and how to give credentials for it. */
export const STORE_KINDS: Record<StoreAddress['kind'], { form: string; credentials: string }> = {
  s3: {
    form: '`s3://bucket/prefix`',
    credentials:
      'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. If the address is set in a file and is not on Amazon, also set ' +
      'AWS_ENDPOINT_URL_S3 or MESHY_TEAM_STORE: credentials are only sent to a host that the environment names.',
  },
  http: {
    form: '`https://host/path`',
    credentials:
      'Set MESHY_TEAM_STORE to exactly this address, with `user:password@` before its host, or ' +
      'without that and MESHY_TEAM_STORE_TOKEN to a token: credentials are only sent to a store that the environment names.',
  },
}

export const ADDRESS_FORMS = Object.values(STORE_KINDS)
  .map(({ form }) => form)
  .join(' or ')

/** Where an address was written: in the environment of this run, or in a committed file. */
export type WrittenIn = 'environment' | 'config'

/**
 * Parses the address of a team store: `s3://bucket/prefix?endpoint=…&region=…` or `https://host/path`.
 *
 * @throws {MeshyError} MESHY_OPTIONS_INVALID
 */
export function parseStoreAddress(text: string, writtenIn: WrittenIn, env: Environment): StoreAddress {
  if (!URL.canParse(text)) throw badAddress(withoutUser(text), notAUrl(text))
  const url = new URL(text)
  if (url.protocol === 's3:') return parseS3(url, env)
  if (url.protocol === 'https:' || url.protocol === 'http:') return parseHttp(url, writtenIn, env)
  throw badAddress(withoutUser(text), `its protocol is \`${url.protocol}\``)
}

function parseS3(url: URL, env: Environment): S3Address {
  const bucket = url.hostname
  const shown = `s3://${bucket}${url.pathname}`
  assertBucket(url, shown)
  const endpoint =
    url.searchParams.get('endpoint') || env['AWS_ENDPOINT_URL_S3'] || env['AWS_ENDPOINT_URL'] || undefined
  const prefix = decodePart(url.pathname, { shown, what: 'path' }).replace(/^\/+|\/+$/g, '')
  return {
    kind: 's3',
    bucket,
    prefix,
    region: url.searchParams.get('region') || env['AWS_REGION'] || env['AWS_DEFAULT_REGION'] || 'us-east-1',
    endpoint: endpoint === undefined ? undefined : parseEndpoint(endpoint),
    label: prefix ? `s3://${bucket}/${prefix}` : `s3://${bucket}`,
  }
}

function assertBucket(url: URL, shown: string): void {
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(url.hostname)) {
    throw badAddress(shown, 'it does not name a bucket')
  }
  if (url.username || url.password) throw badAddress(shown, 'credentials do not belong in it')
  const unknown = [...url.searchParams.keys()].find((name) => name !== 'endpoint' && name !== 'region')
  if (unknown === undefined) return
  throw badAddress(shown, `\`${unknown}\` is neither \`endpoint\` nor \`region\``)
}

function decodePart(text: string, { shown, what }: { shown: string; what: string }): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw badAddress(shown, `its ${what} has invalid percent-encoding`)
  }
}

function parseEndpoint(text: string): URL {
  if (!URL.canParse(text)) throw badAddress(withoutUser(text), 'the endpoint is not a URL')
  const url = new URL(text)
  assertSafe(url, 'the endpoint')
  if (url.username || url.password) throw badAddress(url.origin, 'credentials do not belong in the endpoint')
  return url
}

function parseHttp(url: URL, writtenIn: WrittenIn, env: Environment): HttpAddress {
  assertSafe(url, 'it')
  const label = labelOf(url)
  if (url.search || url.hash) throw badAddress(label, 'it has a query or a fragment')
  if (writtenIn === 'environment') return { kind: 'http', url: label, basic: userOf(url), label }
  if (userOf(url)) {
    throw badAddress(label, 'a user name and password do not belong in a file; set MESHY_TEAM_STORE instead')
  }
  const same = findInEnvironment(label, env)
  return { kind: 'http', url: label, basic: same && userOf(same), label }
}

/** Scheme, host, port and path, without a trailing slash: what makes two addresses the same HTTP store. */
function labelOf({ origin, pathname }: URL): string {
  return `${origin}${pathname}`.replace(/\/+$/, '')
}

/**
 * The address of an HTTP store in the environment, if it names the same one: credentials in the environment are for no
 * other store.
 */
export function findInEnvironment(label: string, env: Environment): URL | undefined {
  const text = env['MESHY_TEAM_STORE']
  const url = text !== undefined && URL.canParse(text) ? new URL(text) : undefined
  return url && labelOf(url) === label ? url : undefined
}

function userOf(url: URL): HttpAddress['basic'] {
  if (url.username === '' && url.password === '') return undefined
  const decode = (text: string) => decodePart(text, { shown: labelOf(url), what: 'user name or password' })
  return { user: decode(url.username), password: decode(url.password) }
}

function assertSafe(url: URL, what: string): void {
  const isPlain = url.protocol === 'http:' && isLoopback(url.hostname)
  if (url.protocol === 'https:' || isPlain) return
  throw badAddress(url.origin, `${what} is not https`)
}

/** A password must not be shown, even where its characters keep the address from being one. */
function withoutUser(text: string): string {
  return text.replace(/^.*@/s, '…@')
}

function notAUrl(text: string): string {
  const encode = text.includes('@') ? '; `/`, `?`, `#` and `@` of a password must be percent-encoded' : ''
  return `it is not a URL${encode}`
}

function badAddress(shown: string, problem: string): MeshyError {
  return new MeshyError('MESHY_OPTIONS_INVALID', {
    message: `The team store \`${shown.slice(0, 200)}\` cannot be used: ${problem}.`,
    hint: `Expected ${ADDRESS_FORMS}; http is for this machine only. See docs/stores.md.`,
  })
}
