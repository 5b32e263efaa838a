// One to four escapes that together look like one UTF-8 character.
const ESCAPES =
  /%[0-7][0-9a-f]|%[cd][0-9a-f]%[89ab][0-9a-f]|%e[0-9a-f](?:%[89ab][0-9a-f]){2}|%f[0-7](?:%[89ab][0-9a-f]){3}/gi

/**
 * Decodes the valid UTF-8 escapes of a query and leaves everything else as it is: people write
 * `prompt=100% wool`, and a `+` is a plus.
 */
export function decodePercent(text: string): string {
  return text.replace(ESCAPES, decodeCharacter)
}

function decodeCharacter(escape: string): string {
  try {
    return decodeURIComponent(escape)
  } catch (error) {
    // Overlong forms and lone surrogates look like escapes, but are none.
    if (error instanceof URIError) return escape
    throw error
  }
}
