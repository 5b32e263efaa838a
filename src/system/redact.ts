/** Removes secrets from a text. */
export type Redactor = (text: string) => string

const MARK = '[redacted]'
/** Shorter values are not secrets, and would blot out ordinary words. */
const MIN_SECRET = 4
/** Anything that looks like a key of the service, even if it is not ours. */
const ANY_KEY = /\bmsy_[\w-]{6,}/g
/** A URL, or several without a space between them. Found in one pass, however long the text is. */
const URLS = /https?:\/\/[^\s"'<>]*/gi
const EACH_URL = /(?=https?:\/\/)/i
const USER = /^(https?:\/\/)[^/?#@]*@/i

/** A redactor for these secrets in every form in which they are sent, for keys of the service, and for signed URLs. */
export function createRedactor(secrets: readonly (string | undefined)[]): Redactor {
  const forms = new Set(secrets.flatMap((secret) => (secret === undefined ? [] : formsOf(secret))))
  // Longest first, because one form may be part of another.
  const sorted = [...forms].sort((a, b) => b.length - a.length)
  return (text) => {
    let clean = text
    for (const form of sorted) clean = clean.replaceAll(form, MARK)
    return stripQuery(clean.replace(ANY_KEY, MARK))
  }
}

/** A text in which all URLs have lost their query, where signatures are, and their user name and password. */
export function stripQuery(text: string): string {
  return text.replace(URLS, (urls) => {
    const [visible = ''] = urls.split('?', 1)
    return visible
      .split(EACH_URL)
      .map((url) => url.replace(USER, '$1'))
      .join('')
  })
}

/** An error of a library that is safe to show: the same name and code, but no secrets in its message and stack. */
export function redactError(error: unknown, redact: Redactor): Error {
  if (!(error instanceof Error)) return new Error(redact(String(error)))
  const cause = error.cause === undefined ? undefined : { cause: redactError(error.cause, redact) }
  const safe = new Error(redact(error.message), cause)
  safe.name = error.name
  safe.stack = redact(error.stack ?? safe.name)
  return Object.assign(safe, 'code' in error ? { code: error.code } : {})
}

function formsOf(secret: string): string[] {
  if (secret.length < MIN_SECRET) return []
  const bytes = Buffer.from(secret)
  return [
    secret,
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(secret),
    bytes.toString('base64'),
    bytes.toString('base64url'),
  ]
}

/**
 * Characters that a terminal, a log or a page would interpret instead of showing: control characters except tabs and
 * line ends, and marks that reverse the direction of a text.
 */
const OBEYED = /(?!\t|\n|\r\n)[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu

/**
 * A text from outside, such as a file name or an answer of the service, with such characters escaped. JSON remains the
 * same JSON.
 */
export function printable(text: string): string {
  return text.replaceAll(OBEYED, (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** {@link printable} for every text in a value that becomes JSON: the second argument of `JSON.stringify`. */
export function printableField(_name: string, value: unknown): unknown {
  return typeof value === 'string' ? printable(value) : value
}
