import path from 'node:path'
import type { ResolvedConfig } from 'vite'
import { isMeshySpecifier } from '../request/parse.ts'
import type { Session } from './session.ts'
import { toPosix, fileOf } from './resolve.ts'
import { isQuoted } from './bundler-error.ts'

/**
 * Vite hooks for models outside of imports: in the elements of a page or a template, and where they would silently be
 * images.
 */
export function markupHooks(
  session: Session,
  templates: Templates,
  config: () => ResolvedConfig | undefined,
) {
  return {
    transformIndexHtml: {
      order: 'pre' as const,
      async handler(html: string, { filename }: { filename: string }) {
        const { misplaced, ...page } = linkModels(html)
        await warn(session, filename, misplaced.map(misplacedWarning))
        return page
      },
    },
    transform: {
      filter: { code: MENTION },
      async handler(code: string, id: string) {
        const texts = templates.read(id, code, assetUrlsOf(config()))
        await warn(session, id, [...silentUses(code), ...texts.map((text) => ({ text }))])
      },
    },
  }
}

interface Warning {
  text: string
  line?: number
}

async function warn(session: Session, id: string, warnings: readonly Warning[]): Promise<void> {
  const { notices } = (await session.context()).ports.reporter
  const file = toPosix(path.relative(session.bundler.root, id.replace(/\?.*$/s, '')))
  for (const { text, line } of warnings) notices.once(text, { file, line })
}

/**
 * SvelteKit has no Vite pages, and warns about each plugin that has a hook for them. It checks when configs are
 * resolved, after us.
 */
export function dropUnusedPageHook({ plugins }: { plugins: readonly { name: string }[] }): void {
  if (!plugins.some(({ name }) => name.startsWith('vite-plugin-sveltekit'))) return
  for (const plugin of plugins) {
    if (plugin.name === 'unplugin-meshy') Reflect.deleteProperty(plugin, 'transformIndexHtml')
  }
}

/** Anything that asks for a model. A template that no longer does so in one way may do so in another. */
const MENTION = /[?&]meshy\b/

/** What is added to a page, in Vite's format. */
interface InjectedTag {
  tag: 'script'
  attrs: { type: 'module' }
  children: string
  injectTo: 'body'
}

/** A page with its models removed from attributes, and the script that puts their URLs there. */
interface LinkedPage {
  html: string
  tags: InjectedTag[]
  /** Sources in elements that get the image instead, by the names of the elements. */
  misplaced: { tag: string; source: string }[]
}

/**
 * Comments and scripts are skipped; values may contain a `>`. An unclosed tag extends to the end of the page, as in
 * browsers, so that no page is read more than once.
 */
const TAGS =
  /<!--[\s\S]*?(?:-->|$)|<(script|style)\b[\s\S]*?(?:<\/\1\s*>|$)|<([a-z][\w-]*)((?:=\s*"[^"]*(?:"|$)|=\s*'[^']*(?:'|$)|[^>])*)(?:>|$)/gi
/** Attributes that take a model, the marks that replace them, and what the script sets instead. */
const ATTRIBUTES = [
  { name: 'src', mark: 'data-meshy', pattern: attributePattern('src') },
  // The file for the built-in viewer of iOS.
  { name: 'ios-src', mark: 'data-meshy-ios', pattern: attributePattern('ios-src') },
] as const
const ENTITIES: Record<string, string> = {
  '&amp;': '&',
  '&quot;': '"',
  '&#39;': "'",
  '&apos;': "'",
  '&lt;': '<',
  '&gt;': '>',
}

/**
 * Makes `<model-viewer src="./hero.png?meshy">` show a model. Vite does not resolve attributes of elements that it does
 * not know, and for those that it knows it uses the image. So a module imports the model and sets the attribute.
 */
export function linkModels(html: string): LinkedPage {
  const sources: string[] = []
  const misplaced: LinkedPage['misplaced'] = []
  const linked = html.replaceAll(
    TAGS,
    (text: string, _: string, tag: string | undefined, attributes = '') => {
      let replaced = text
      for (const { name, mark, pattern } of tag === undefined ? [] : ATTRIBUTES) {
        const found = findSource(attributes, pattern)
        if (!found) continue
        if (tag?.toLowerCase() === 'model-viewer') {
          if (!sources.includes(found.source)) sources.push(found.source)
          const stand = `${found.space}${mark}="${sources.indexOf(found.source)}"`
          replaced = replaced.replace(found.attribute, stand)
        } else if (name === 'src') misplaced.push({ tag: String(tag).toLowerCase(), source: found.source })
      }
      return replaced
    },
  )
  return { html: linked, tags: sources.length > 0 ? [scriptOf(sources, linked)] : [], misplaced }
}

function attributePattern(name: string): RegExp {
  return new RegExp(`(\\s)${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)'|([^\\s"'>]+))`, 'i')
}

/** The model that an attribute asks for; undefined if there is none. */
function findSource(attributes: string, pattern: RegExp) {
  const [attribute, space = '', ...values] = pattern.exec(attributes) ?? []
  const source = decodeEntities(values.find((value) => value !== undefined) ?? '')
  return attribute !== undefined && isMeshySpecifier(source) ? { attribute, space, source } : undefined
}

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

function misplacedWarning({ tag, source }: LinkedPage['misplaced'][number]): Warning {
  return {
    text: `\`<${tag} src="${source}">\` gets the image, not the model: only <model-viewer> shows models`,
  }
}

function scriptOf(sources: readonly string[], html: string): InjectedTag {
  const imports = sources.map((source, index) => `import m${index} from ${literal(relative(source))}`)
  const all = sources.map((_, index) => `m${index}`).join(', ')
  const marked = (mark: string) => `document.querySelectorAll(\`[${mark}="\${i}"]\`)`
  const set = [`  for (const element of ${marked('data-meshy')}) element.src = url`]
  // If the task has no USDZ, iOS creates one from the model by itself.
  const ios = `  if (files.usdz) for (const element of ${marked('data-meshy-ios')}) element.iosSrc = files.usdz`
  if (html.includes('data-meshy-ios=')) set.push(ios)
  return {
    tag: 'script',
    attrs: { type: 'module' },
    children: [...imports, `for (const [i, { url, files }] of [${all}].entries()) {`, ...set, '}'].join('\n'),
    injectTo: 'body',
  }
}

/** In a page, `hero.png` is beside it; in a module it would be a package. */
function relative(source: string): string {
  return /^(?:[./]|[a-z][a-z\d+.-]*:)/i.test(source) ? source : `./${source}`
}

/** It is in a script of a page, which `</script` would end. */
function literal(text: string): string {
  return JSON.stringify(text).replaceAll('<', String.raw`\u003c`)
}

function decodeEntities(text: string): string {
  return text.replaceAll(/&(?:amp|quot|#39|apos|lt|gt);/g, (entity) => ENTITIES[entity] ?? entity)
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
