import { timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { MeshyError } from '../system/errors.ts'
import { isLoopback } from '../system/host.ts'

/**
 * Why a request is not answered; undefined if it may be. Whatever the bundler allows: someone else's page must not see
 * the models of a project, let alone spend its credits.
 *
 * 1. The host is this machine by a name that cannot belong to anyone else, or the one that the user configured. That
 *    excludes names that were bound to this address later (DNS rebinding).
 * 2. The origin is that of the host, if the browser sends it; and it does whenever a page could read the answer.
 * 3. If the browser says that another site asks for it, as an image or a script, it only gets the page itself.
 */
export function refusal(request: IncomingMessage, ownHost: string | undefined): string | undefined {
  const { host, origin } = request.headers
  if (host === undefined || !isOwnHost(host, request.socket.localAddress, ownHost))
    return 'The request has a foreign host.'
  if (origin !== undefined && !isSameOrigin(origin, host)) return 'The request has a foreign origin.'
  const site = request.headers['sec-fetch-site']
  const isVisit = request.headers['sec-fetch-mode'] === 'navigate'
  if (site !== undefined && site !== 'same-origin' && site !== 'none' && !isVisit)
    return 'The request comes from a foreign site.'
  return undefined
}

/**
 * Why a visitor may look, but not spend; undefined if it may do both. A server that is open to the network shows the
 * page to everyone there, but the credits belong to whoever runs it. What a proxy says about its visitors is not
 * trusted, because anyone can say it: a proxy on this machine must keep strangers out by itself.
 */
export function lockOf({
  socket,
}: {
  socket: Pick<Socket, 'remoteAddress' | 'localPort'>
}): MeshyError | undefined {
  const { remoteAddress = 'an unknown address', localPort } = socket
  if (isLoopbackAddress(remoteAddress)) return undefined
  return new MeshyError('MESHY_INSPECTOR_REMOTE', {
    message:
      'Credits can be spent only from the machine that runs the server, through its loopback address; ' +
      `this request is from \`${remoteAddress}\`.`,
    hint: `Open the page there as \`localhost:${localPort ?? ''}\`, or approve in the terminal of the server.`,
    details: { remoteAddress },
  })
}

/**
 * Whether a request may spend, as far as its own content says: it has the token of the page, and comes from the page's
 * origin.
 */
export function maySpend({ headers }: IncomingMessage, token: string): boolean {
  const given = headers['x-meshy-token']
  return headers.origin !== undefined && typeof given === 'string' && isEqual(given, token)
}

/** An IPv6 socket writes IPv4 addresses as `::ffff:127.0.0.1`. */
function isLoopbackAddress(address: string): boolean {
  return address === '::1' || /^127(\.\d+){3}$/.test(address.replace(/^::ffff:/i, ''))
}

function isOwnHost(host: string, localAddress: string | undefined, ownHost: string | undefined): boolean {
  const name = hostNameOf(host)
  if (name === undefined) return false
  const address = name.replace(/^\[|\]$/g, '')
  // A server that is open to the network is reached by the address of the machine.
  return (
    isLoopback(name) || address === localAddress?.replace(/^::ffff:/, '') || name === ownHost?.toLowerCase()
  )
}

/** Lower case; undefined for an invalid host. */
function hostNameOf(host: string): string | undefined {
  if (!/^[\w.:[\]-]+$/.test(host) || !URL.canParse(`http://${host}`)) return undefined
  return new URL(`http://${host}`).hostname
}

function isSameOrigin(origin: string, host: string): boolean {
  return origin === `http://${host}` || origin === `https://${host}`
}

function isEqual(given: string, token: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(token)]
  return a.length === b.length && timingSafeEqual(a, b)
}
