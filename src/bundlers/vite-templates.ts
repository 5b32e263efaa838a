import type { ResolvedConfig } from 'vite'
import { isMeshySpecifier } from '../request/parse.ts'
import type { Session } from './session.ts'
import { fileOf } from './resolve.ts'
import { isQuoted } from './bundler-error.ts'
import { decodeEntities, TAGS, warn, type Warning } from './vite-pages.ts'

/** A Vite hook for models in templates, and where they would silently be images. */
export function templateHook(
  session: Session,
  templates: Templates,
  config: () => ResolvedConfig | undefined,
) {
  return {
    transform: {
      filter: { code: MENTION },
      async handler(code: string, id: string) {
        const texts = templates.read(id, code, assetUrlsOf(config()))
        await warn(session, id, [...silentUses(code), ...texts.map((text) => ({ text }))])
      },
    },
  }
}

/** Anything that asks for a model. A template that no longer does so in one way may do so in another. */
const MENTION = /[?&]meshy\b/

/** Ways in which Vite silently uses the image, in modules and styles. Paths have an end. */
const SILENT_USE =
  /\bnew\s{1,9}URL\(\s{0,99}(["'`])[^"'`\n]{0,999}[?&]meshy\b[^"'`\n]{0,999}\1|\burl\(\s{0,99}["']?[^"')\s]{0,999}[?&]meshy\b[^"')]{0,999}/

function silentUses(code: string): Warning[] {
  const found = SILENT_USE.exec(code)
  if (!found) return []
  const use = found[0].replace(/[,\s]*$/, '')
  return [
    {
      text: `\`${use}…\` gets the image, not the model: import it in a module and use its \`url\``,
      line: code.slice(0, found.index).split('\n').length,
    },
  ]
}

/** Static attributes; anything that a framework binds starts with a sign, or has no quotes. */
const STATIC_ATTRIBUTES = /(?:^|\s)([a-z][\w:-]*)\s*=\s*(?:"([^"]*)"|'([^']*)')/gi
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
type AssetUrls = Readonly<Record<string, readonly string[] | undefined>>

/** The part of Vue's plugin that says which attributes become imports. */
interface VueApi {
  options?: { template?: { transformAssetUrls?: boolean | (AssetUrls & { tags?: AssetUrls }) } }
}

function assetUrlsOf(config: ResolvedConfig | undefined): AssetUrls {
  const vue = config?.plugins.find(({ name }) => name === 'vite:vue')?.api as VueApi | undefined
  const urls = vue?.options?.template?.transformAssetUrls
  return typeof urls === 'object' ? (urls.tags ?? urls) : {}
}

/** The templates of a run: what frameworks turn attributes into, and what they leave as text. */
export class Templates {
  /** By file: sources that are only used by elements that show no models. */
  readonly #pictures = new Map<string, Set<string>>()

  /** Reads a template before its compiler does. @returns what a person should be told about it */
  read(id: string, code: string, assetUrls: AssetUrls): string[] {
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
    [...attributes.matchAll(STATIC_ATTRIBUTES)].flatMap(([, attribute = '', double, single]) =>
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
