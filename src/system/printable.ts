/**
 * What a terminal, a log or a page would obey instead of showing it: control characters but for tabs and line ends, and
 * the marks that turn the direction of a text around.
 */
const OBEYED = /(?!\t|\n|\r\n)[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu

/**
 * A text from outside, such as a file name or an answer of the service, with what is not to be obeyed spelled out. JSON
 * stays the JSON that it is.
 */
export function printable(text: string): string {
  return text.replaceAll(OBEYED, (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** {@link printable} for every text of a value that becomes JSON: the second argument of `JSON.stringify`. */
export function printableField(_name: string, value: unknown): unknown {
  return typeof value === 'string' ? printable(value) : value
}
