import { appendFileSync } from 'node:fs'

export function load(url, context, next) {
  appendFileSync(process.env.TRACE_FILE, `${url}\n`)
  return next(url, context)
}
