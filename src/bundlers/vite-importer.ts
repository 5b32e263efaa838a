import type { IncomingMessage, ServerResponse } from 'node:http'
import { isOurs } from '../run/imports.ts'

/** A dev server of Vite, as far as it reads modules. */
export interface ReadingServer {
  config: { base: string }
  environments: { client: { transformRequest(url: string): Promise<unknown> } }
}

/**
 * Has the module read that asks for a model. A browser may have it from its own cache, as it keeps those of packages for
 * a year, so that a server that was started since has not seen what it imports. Nothing of it is answered here.
 */
export function askImporterAgain({ config, environments }: ReadingServer) {
  return async (request: IncomingMessage, _response: ServerResponse, next: () => void): Promise<void> => {
    const importer = isOurs(request.url ?? '') ? importerOf(request, config.base) : undefined
    const reading = async (url: string) => environments.client.transformRequest(decodeURI(url))
    // What is wrong with it is told to whoever asks for it.
    if (importer !== undefined) await Promise.allSettled([reading(importer)])
    next()
  }
}

/** The module that asks, by its URL: browsers say so. Undefined where they do not, and for one of another site. */
function importerOf({ headers: { host, referer = '' } }: IncomingMessage, base: string): string | undefined {
  if (!URL.canParse(referer)) return undefined
  const { host: site, pathname, search } = new URL(referer)
  if (site !== host || !pathname.startsWith(base)) return undefined
  // Vite adds these for itself; what else stands there belongs to the module.
  const query = search
    .slice(1)
    .split('&')
    .filter((part) => !/^(?:import|t=\d+|)$/.test(part))
  return pathname.slice(base.length - 1) + (query.length > 0 ? `?${query.join('&')}` : '')
}
