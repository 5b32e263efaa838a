import { timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { isLoopback } from '../system/loopback.ts'

/**
 * Why a request is not answered; undefined when it may be. Whatever the bundler allows: a page of somebody else must not
 * see what a project makes, let alone spend its credits.
 *
 * 1. The host is this machine by a name that cannot be somebody else's, or the one that the user configured. That keeps
 *    out names that were bound to this address later (DNS rebinding).
 * 2. The origin is that of the host, where the browser tells it; and it does where a page could read the answer.
 * 3. Where the browser tells that another site asks for it, as an image or a script, it only gets the page itself.
 */
export function refusal(request: IncomingMessage, ownHost: string | undefined): string | undefined {
  const { host, origin } = request.headers
  if (host === undefined || !isOwnHost(host, request.socket.localAddress, ownHost))
    return 'The host is foreign.'
  if (origin !== undefined && !isSameOrigin(origin, host)) return 'The origin is foreign.'
  const site = request.headers['sec-fetch-site']
  const isVisit = request.headers['sec-fetch-mode'] === 'navigate'
  if (site !== undefined && site !== 'same-origin' && site !== 'none' && !isVisit)
    return 'The site is foreign.'
  return undefined
}

/** Whether a request may spend: it has the token of the page, and comes from the page's origin. */
export function maySpend({ headers }: IncomingMessage, token: string): boolean {
  const given = headers['x-meshy-token']
  return headers.origin !== undefined && typeof given === 'string' && isEqual(given, token)
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

/** Lower case; undefined for what is no host. */
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
