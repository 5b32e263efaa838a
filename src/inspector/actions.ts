import type { IncomingMessage } from 'node:http'
import { z } from 'zod'
import { agree, retry } from '../run/live/asking.ts'
import type { Context } from '../run/context.ts'
import type { Request } from '../request/request.ts'
import type { Model } from '../run/models/model.ts'
import type { Models } from '../run/models/models.ts'

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
const bodySchema = z.strictObject({ keys: z.array(z.string().regex(/^[0-9a-f]{16}$/)) })

export function actionOf(path: string): Action | undefined {
  return ACTIONS.get(path)
}

/** The keys in the body of a request; undefined if it is something else. */
export async function readKeys(request: IncomingMessage): Promise<string[] | undefined> {
  if (!request.headers['content-type']?.startsWith('application/json')) return undefined
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > MAX_BYTES) return undefined
    chunks.push(chunk)
  }
  return parseKeys(Buffer.concat(chunks).toString())
}

function parseKeys(text: string): string[] | undefined {
  try {
    return bodySchema.safeParse(JSON.parse(text)).data?.keys
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
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
