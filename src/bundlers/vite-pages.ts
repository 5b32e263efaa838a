import path from 'node:path'
import { isMeshySpecifier } from '../request/parse.ts'
import type { Session } from './session.ts'
import { toPosix } from './resolve.ts'

/** A Vite hook for models in the elements of a page. */
export function pageHook(session: Session) {
  return {
    transformIndexHtml: {
      order: 'pre' as const,
      async handler(html: string, { filename }: { filename: string }) {
        const { misplaced, ...page } = linkModels(html)
        await warn(session, filename, misplaced.map(misplacedWarning))
        return page
      },
    },
  }
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

/** What a person should know about a file. */
export interface Warning {
  text: string
  line?: number
}

export async function warn(session: Session, id: string, warnings: readonly Warning[]): Promise<void> {
  const { notices } = (await session.context()).ports.reporter
  const file = toPosix(path.relative(session.bundler.root, id.replace(/\?.*$/s, '')))
  for (const { text, line } of warnings) notices.once(text, { file, line })
}

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
export const TAGS =
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

export function decodeEntities(text: string): string {
  return text.replaceAll(/&(?:amp|quot|#39|apos|lt|gt);/g, (entity) => ENTITIES[entity] ?? entity)
}
