import type { buildConnector, Pool } from 'undici'
import { errnoOf, MeshyError } from './errors.ts'
import { isLoopback } from './host.ts'
import type { Environment } from './process.ts'

export type Fetch = typeof globalThis.fetch

interface FetchOptions {
  env: Environment
}

/**
 * A `fetch` that uses the proxies of `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` (or their lower-case forms).
 *
 * Without a proxy it is the global one. This machine itself is never accessed through a proxy.
 */
export function createFetch({ env }: FetchOptions): Fetch {
  const httpProxy = proxyUrl(env, 'HTTP_PROXY') ?? ''
  const httpsProxy = proxyUrl(env, 'HTTPS_PROXY') ?? ''
  if (!httpProxy && !httpsProxy) return globalThis.fetch
  const noProxy = env.no_proxy || env.NO_PROXY || ''

  let proxied: Promise<Fetch> | undefined
  return async (input, init) => {
    const { hostname } = new URL(input instanceof Request ? input.url : input)
    if (isLoopback(hostname)) return globalThis.fetch(input, init)
    proxied ??= loadProxiedFetch({ httpProxy, httpsProxy, noProxy })
    return (await proxied)(input, init)
  }
}

/** Whether {@link createFetch} reaches an address without a proxy. */
export function reachesDirectly({ hostname }: URL, env: FetchOptions['env']): boolean {
  return isLoopback(hostname) || !(proxyUrl(env, 'HTTP_PROXY') || proxyUrl(env, 'HTTPS_PROXY'))
}

function proxyUrl(env: FetchOptions['env'], name: string): string | undefined {
  const value = env[name.toLowerCase()] || env[name]
  if (!value) return undefined
  const url = value.includes('://') ? value : `http://${value}`
  if (URL.canParse(url)) return url
  // The value is not shown, because it may contain a password.
  throw new MeshyError('MESHY_OPTIONS_INVALID', {
    message: `The environment variable \`${name}\` is not a URL; expected one like \`http://proxy.example:3128\`.`,
    hint: `Fix or unset \`${name}\`.`,
  })
}

/** undici is loaded only if there is a proxy: a warm build should not pay for it. */
async function loadProxiedFetch(
  proxies: Record<'httpProxy' | 'httpsProxy' | 'noProxy', string>,
): Promise<Fetch> {
  const { EnvHttpProxyAgent, fetch, Pool } = await import('undici')
  const factory = (origin: string | URL, options: Pool.Options) => {
    const { connect } = options
    return new Pool(
      origin,
      typeof connect === 'function' ? { ...options, connect: connectOnce(connect) } : options,
    )
  }
  const dispatcher = new EnvHttpProxyAgent({ ...proxies, factory })
  // The package and Node have the same fetch, but their types are unrelated.
  const viaProxy = fetch as unknown as (input: unknown, init: object) => Promise<Response>
  return (input, init) => viaProxy(input, { ...init, dispatcher })
}

/** The library connects again at once, and without end, to a proxy that closes the connection instead of answering. */
function connectOnce(connect: buildConnector.connector): buildConnector.connector {
  return (options, callback) =>
    connect(options, (...[error, socket]) => {
      if (!error) return callback(null, socket)
      const message = `The proxy broke the connection: ${error.message}`
      const isBroken = errnoOf(error) === 'UND_ERR_SOCKET'
      callback(
        isBroken ? Object.assign(new Error(message, { cause: error }), { syscall: 'connect' }) : error,
        null,
      )
    })
}
