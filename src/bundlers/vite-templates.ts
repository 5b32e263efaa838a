import { isMeshySpecifier } from '../request/parse.ts'
import { isQuoted } from './bundler-error.ts'
import { fileOf } from './resolve.ts'
import { decodeEntities, TAGS } from './vite-html.ts'

/** Static attributes; anything that a framework binds starts with a sign, or has no quotes. */
const ATTRIBUTES = /(?:^|\s)([a-z][\w:-]*)\s*=\s*(?:"([^"]*)"|'([^']*)')/gi
/** What a template of each kind uses instead. */
const BOUND: Record<string, string> = {
  vue: ':src="hero.url"',
  svelte: 'src={hero.url}',
  astro: 'src={hero.url}',
  jsx: 'src={hero.url}',
  tsx: 'src={hero.url}',
}
/** A static attribute in a template that asks for a model. */
interface TemplateUse {
  tag: string
  attribute: string
  source: string
  /** Whether the element is an HTML element, none of which shows models. */
  isPlain: boolean
}

/**
 * Attributes of elements that a compiler turns into imports, if a project configures it: Vue's `transformAssetUrls`.
 */
export type AssetUrls = Readonly<Record<string, readonly string[] | undefined>>

/** The templates of a run: what frameworks turn attributes into, and what they leave as text. */
export class Templates {
  /** By file: sources that are only used by elements that show no models. */
  readonly #pictures = new Map<string, Set<string>>()

  /** Reads a template before its compiler does. @returns what a person should be told about it */
  read(id: string, code: string, assetUrls: AssetUrls = {}): string[] {
    const bound = BOUND[/\.(\w+)$/.exec(id)?.[1] ?? '']
    if (bound === undefined) return []
    const uses = usesIn(code)
    const rest = code.replaceAll(TAGS, (text, script: string | undefined) => (script ? text : ''))
    const plain = uses.filter(({ isPlain, source }) => isPlain && !isQuoted(rest, source))
    const shown = new Set(uses.flatMap(({ isPlain, source }) => (isPlain ? [] : source)))
    this.#pictures.set(id, new Set(plain.flatMap(({ source }) => (shown.has(source) ? [] : source))))
    return uses.flatMap((use) => warningOf(use, { bound, assetUrls }))
  }

  /** Whether an import comes only from elements that take images: then no model is wanted. */
  isPicture(source: string, importer: string | undefined): boolean {
    return importer !== undefined && this.#pictures.get(fileOf(importer))?.has(source) === true
  }
}

function warningOf(
  { tag, attribute, source, isPlain }: TemplateUse,
  { bound, assetUrls }: { bound: string; assetUrls: AssetUrls },
): string[] {
  const written = `\`<${tag} ${attribute}="${source}">\``
  if (isPlain)
    return [`${written} shows no model, and none is generated for it: only <model-viewer> shows models`]
  if (assetUrls[tag]?.includes(attribute)) return []
  return [`${written} stays plain text: import the model as \`hero\` and write \`${bound}\``]
}

function usesIn(code: string): TemplateUse[] {
  return [...code.matchAll(TAGS)].flatMap(([, , tag = '', attributes = '']) =>
    [...attributes.matchAll(ATTRIBUTES)].flatMap(([, attribute = '', double, single]) =>
      sourcesOf(attribute, double ?? single ?? '').map((source) => {
        const isPlain = /^[a-z][a-z\d]*$/.test(tag)
        return { tag, attribute, source, isPlain }
      }),
    ),
  )
}

function sourcesOf(attribute: string, value: string): string[] {
  const decoded = decodeEntities(value)
  // A set names several, each with a size.
  const sources = attribute.toLowerCase() === 'srcset' ? decoded.split(/,\s+/) : [decoded]
  return sources
    .map((source) => source.trim().replace(/\s.*$/s, ''))
    .filter((source) => isMeshySpecifier(source))
}
