import { parseJson } from '../system/json.ts'
import { KEY_PATTERN } from '../store/entry.ts'
import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { formatError, formatThrown, isMeshyError } from '../system/errors.ts'
import type { Asset, AssetFile } from '../run/asset.ts'
import type { CreateInspector } from '../bundlers/adapter.ts'
import type { Models } from '../run/models/models.ts'
import { IN_OWN_FRAME, refuse, send, sendFile, sendJson } from './answer.ts'
import { lockOf, maySpend, refusal } from './guard.ts'
import { readPageFile, renderPage } from './page-files.ts'
import { inspect } from './queries.ts'
import type { Ports } from '../generate/ports.ts'
import type { Context } from '../run/context.ts'
import { mayGenerate } from '../finding/modes.ts'
import { reportModels } from '../run/reporting/report.ts'
import { z } from 'zod'
import { agree, retry } from '../run/live/asking.ts'
import type { Request } from '../request/request.ts'
import type { Model } from '../run/models/model.ts'

type InspectorOptions = Parameters<CreateInspector>[0]
type Middleware = Awaited<ReturnType<CreateInspector>>

interface Inspector extends InspectorOptions {
  balance: Balance
  token: string
}

interface Exchange {
  /** What follows `/__meshy`. */
  path: string
  request: IncomingMessage
  response: ServerResponse
}

/**
 * Serves a page about the models of a live run at `/__meshy/`. Frameworks have a server for pages and one for their own
 * code, with one plugin: what either imports is visible in both.
 */
export function createInspector(options: InspectorOptions): Middleware {
  const { context, base } = options
  const token = randomBytes(24).toString('base64url')
  const inspector: Inspector = { ...options, balance: new Balance(), token }
  return (request, response, next) => {
    const path = pathBelow(request.url ?? '', base)
    if (path === undefined) return next()
    answer(inspector, { path, request, response }).catch((error: unknown) => {
      context.ports.reporter.logger.error(`meshy: the inspector: ${formatThrown(error)}`)
      if (response.headersSent) response.destroy()
      else refuse(response, 500, 'Something went wrong. See the terminal for details.')
    })
  }
}

/** Undefined for paths that are not ours. */
function pathBelow(url: string, base: string): string | undefined {
  const path = url.replace(/[?#].*$/s, '')
  // A bundler may already have removed the base.
  const prefix = [`${base}__meshy`, '/__meshy'].find(
    (start) => path === start || path.startsWith(`${start}/`),
  )
  return prefix === undefined ? undefined : path.slice(prefix.length)
}

async function answer(inspector: Inspector, exchange: Exchange): Promise<void> {
  const { request, response, path } = exchange
  const reason = refusal(request, inspector.host)
  if (reason !== undefined) return refuse(response, 403, reason)
  if (request.method === 'POST') return act(inspector, exchange)
  if (request.method !== 'GET') return refuse(response, 405, 'Only GET and POST are supported.')
  const { context, balance, token, base } = inspector
  const lock = lockOf(request)
  if (path === '')
    return send(response, {
      status: 302,
      type: 'text/plain',
      body: '',
      headers: { location: `${base}__meshy/` },
    })
  if (path === '/') return sendPage(inspector, response, lock ? '' : token)
  if (path === '/assets.json')
    return sendJson(response, {
      ...(await inspect(context, await balance.read(context))),
      locked: lock && `${lock.message} ${lock.hint}`,
    })
  const file = knownFile(context.ports.models, path)
  if (file) return sendFile(response, file)
  const part = await readPageFile(path.slice(1))
  return part ? send(response, part) : refuse(response, 404, 'There is nothing here.')
}

function sendPage({ isDocked }: Inspector, response: ServerResponse, token: string): void {
  const headers = isDocked?.() ? IN_OWN_FRAME : {}
  send(response, { type: 'text/html; charset=utf-8', body: renderPage(token), headers })
}

/** A button of the page: each one may spend. */
async function act({ context, token }: Inspector, exchange: Exchange): Promise<void> {
  const { request, response, path } = exchange
  const action = ACTIONS.get(path)
  if (!action) return refuse(response, 404, 'There is no such action.')
  const lock = lockOf(request)
  if (lock) return refuse(response, 403, formatError(lock))
  if (!maySpend(request, token))
    return refuse(response, 403, 'The token of the page is missing. Reload the page.')
  const keys = await readKeys(request)
  if (!keys) return refuse(response, 400, 'Expected `{ "keys": [ … ] }` as JSON.')
  sendJson(response, { keys: await action(context, keys) })
}

/** The effect of a button of the page. Returns the keys that are on their way because of it. */
type Action = (context: Context, keys: string[]) => Promise<string[]>

const ACTIONS = new Map<string, Action>([
  ['/generate', async (context, keys) => agree(context, keys)],
  [
    '/retry',
    async (context, keys) => {
      const started = await Promise.all(keys.map((key) => retryOne(context, key)))
      return keys.filter((_, index) => started[index])
    },
  ],
])

const MAX_BYTES = 100_000
const bodySchema = z.strictObject({ keys: z.array(z.string().regex(KEY_PATTERN)) })

/** The keys in the body of a request; undefined if it is something else. */
async function readKeys(request: IncomingMessage): Promise<string[] | undefined> {
  if (!request.headers['content-type']?.startsWith('application/json')) return undefined
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > MAX_BYTES) return undefined
    chunks.push(chunk)
  }
  return bodySchema.safeParse(parseJson(Buffer.concat(chunks).toString())).data?.keys
}

async function retryOne(context: Context, key: string): Promise<boolean> {
  const { models } = context.ports
  const model = models.find(key)
  // Another tab may already have requested it.
  if (!model || model.work) return false
  const started = await Promise.all(failedRequests(models, model).map((request) => retry(context, request)))
  return started.includes(true)
}

/** What encountered an error that nothing has settled: each import of a model may want a different derivation. */
function failedRequests(models: Models, { request, error }: Model): Request[] {
  const failed = models.imports().filter((one) => one.request?.key === request.key && one.error !== undefined)
  const requests = failed.flatMap((one) => one.request ?? [])
  return requests.length > 0 || error === undefined ? requests : [request]
}

const KNOWN = /^\/(?:models\/([0-9a-f]{16})(?:\/lod(\d))?\.glb|pictures\/([0-9a-f]{16})\/(\d))$/

/** A file that the run knows, by its key: no part of a path ever comes from a request. */
function knownFile(models: Models, path: string): { file: string; type: string } | undefined {
  const [, key, level, pictured, index] = KNOWN.exec(path) ?? []
  const glb = key === undefined ? undefined : glbOf(models.find(key)?.asset, level)
  if (glb) return { file: glb.path, type: 'model/gltf-binary' }
  const image = pictured === undefined ? undefined : models.find(pictured)?.request.images[Number(index)]
  return image && { file: image.file, type: image.mime }
}

function glbOf(asset: Asset | undefined, level: string | undefined): AssetFile | undefined {
  if (level === undefined) return asset?.files.find(({ role }) => role === 'glb')
  return asset?.lods?.[Number(level) - 1]?.file
}

const KEPT_MS = 30_000

/**
 * The remaining credits of the account, queried at most twice a minute and when this run spends, while somebody is
 * looking.
 */
class Balance {
  #asked: { at: number; spending: string; answer: Promise<number | undefined> } | undefined

  /** Undefined if nothing may be sent, or nobody can tell. */
  async read(context: Context): Promise<number | undefined> {
    const { options, clock, models } = context.ports
    if (options.apiKey === undefined || !mayGenerate(options.mode)) return undefined
    const ports = await context.paying()
    const { budget } = ports.purse
    // A price is reserved before it is paid, and appears in the report when the model is here.
    const spending = [budget.reserved, ...reportModels(models).map(({ credits }) => credits)].join(' ')
    const known = this.#asked
    if (known && clock.now() - known.at <= KEPT_MS && known.spending === spending) return known.answer
    const answer = askBalance(ports)
    this.#asked = { at: clock.now(), spending, answer }
    return answer
  }
}

/** The page is for looking: a problem with the account is reported where it keeps a model from being generated. */
async function askBalance({ account, signal }: Ports): Promise<number | undefined> {
  try {
    return await account().client.balance({ signal })
  } catch (error) {
    if (isMeshyError(error)) return undefined
    throw error
  }
}
