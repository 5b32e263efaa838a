/** What a bundler of the Rollup family is about to write, by file name, as far as we touch it. */
export type OutputFiles = Record<string, OutputFile>

export type OutputFile =
  { type: 'asset'; source: string | Uint8Array } | { type: 'chunk'; code: string; map?: SourceMap | null }

interface SourceMap {
  sourcesContent?: (string | null)[] | undefined
}

/** Where a prompt may begin: in a query, or in an object that a glob import turns into one. */
const BEGINNING = /(?:texture_)?prompt['"]?\s*[=:]\s*['"`]?/g
const IN_QUERY = /[?&](?:texture_)?prompt=([^&#]*)/g
const INLINE_MAP = /(\/\/# sourceMappingURL=data:application\/json[^,]*;base64,)([\w+/=]+)/g

/**
 * Keeps prompts out of published source maps. A module's code has none, but a map holds the importing source, and with
 * it the specifier. Each prompt is overwritten by as many `*`, so that every position stays right.
 */
export class PromptScrubber {
  /** The spellings of all prompts, each as a sticky pattern. */
  #patterns = new Map<string, RegExp>()

  /** Whether no import has a prompt, so that nothing has to be looked through. */
  get isEmpty(): boolean {
    return this.#patterns.size === 0
  }

  /** Remembers the prompts of an import. */
  add(specifier: string): void {
    for (const [, raw = ''] of specifier.matchAll(IN_QUERY)) {
      for (const text of spellingsOf(raw)) {
        if (text && !this.#patterns.has(text)) this.#patterns.set(text, patternOf(text))
      }
    }
  }

  /** Overwrites prompts in all source maps: files of their own, inline ones, and those that other plugins will read. */
  scrub(files: OutputFiles): void {
    if (this.isEmpty) return
    for (const [name, file] of Object.entries(files)) {
      if (file.type === 'chunk') this.#scrubChunk(file)
      else if (name.endsWith('.map')) file.source = this.#scrubJson(textOf(file.source))
    }
  }

  #scrubChunk(chunk: OutputFile & { type: 'chunk' }): void {
    if (chunk.map) this.#scrubMap(chunk.map)
    // One at the end, or one for each module, as in webpack's `eval-source-map`.
    chunk.code = chunk.code.replace(INLINE_MAP, (whole, head: string, data: string) => {
      const before = Buffer.from(data, 'base64').toString()
      const after = this.#scrubJson(before)
      return after === before ? whole : head + Buffer.from(after).toString('base64')
    })
  }

  #scrubJson(json: string): string {
    const map = parseMap(json)
    return map && this.#scrubMap(map) ? JSON.stringify(map) : json
  }

  /** Returns whether there was anything to overwrite. */
  #scrubMap(map: SourceMap): boolean {
    const before = map.sourcesContent
    if (!before) return false
    const after = before.map((source) => source && this.#scrubSource(source))
    map.sourcesContent = after
    return after.some((source, index) => source !== before[index])
  }

  #scrubSource(source: string): string {
    let scrubbed = source
    for (const { 0: head, index } of source.matchAll(BEGINNING)) {
      const start = index + head.length
      const end = start + this.#longestAt(source, start)
      scrubbed = scrubbed.slice(0, start) + '*'.repeat(end - start) + scrubbed.slice(end)
    }
    return scrubbed
  }

  #longestAt(source: string, start: number): number {
    let longest = 0
    for (const pattern of this.#patterns.values()) {
      pattern.lastIndex = start
      longest = Math.max(longest, pattern.exec(source)?.[0].length ?? 0)
    }
    return longest
  }
}

/** Undefined for what only looks like one: a level of a game may be a `.map`, and code may hold the beginning of one. */
function parseMap(json: string): SourceMap | undefined {
  try {
    const value: unknown = JSON.parse(json)
    const isMap = typeof value === 'object' && value !== null && 'sourcesContent' in value
    return isMap && Array.isArray(value.sourcesContent) ? (value as SourceMap) : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** A prompt as it stands in a query, and as people write it in an object, which bundlers encode in two ways. */
function spellingsOf(raw: string): Set<string> {
  return new Set([raw, decode(raw), decode(raw.replaceAll('+', ' '))])
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (error) {
    if (error instanceof URIError) return text
    throw error
  }
}

/** Matches a text in source code, where any character may be escaped. */
function patternOf(text: string): RegExp {
  return new RegExp([...text].map(characterPattern).join(''), 'iy')
}

function characterPattern(character: string): string {
  const point = character.codePointAt(0) ?? 0
  const units = Array.from({ length: character.length }, (_, index) => character.charCodeAt(index))
  const hex = (value: number, length: number) => value.toString(16).padStart(length, '0')
  const literal = character.replace(/[$()*+./?[\\\]^{|}-]/, '\\$&')
  const forms = [
    `\\\\?${literal}`,
    units.map((unit) => `\\\\u${hex(unit, 4)}`).join(''),
    `\\\\u\\{0*${hex(point, 1)}\\}`,
    ...(point < 256 ? [`\\\\x${hex(point, 2)}`] : []),
  ]
  return `(?:${forms.join('|')})`
}

function textOf(source: string | Uint8Array): string {
  return typeof source === 'string' ? source : Buffer.from(source).toString()
}
