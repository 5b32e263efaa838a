import type { InspectedModel } from '../model.ts'
import { Buttons, type CardActions } from './buttons.ts'
import { el, setText, withCode } from './dom.ts'
import { formatBytes } from '../../system/format.ts'
import {
  formatChange,
  formatCredits,
  formatDirective,
  formatNumber,
  formatSite,
  formatSize,
} from './format.ts'
import { ModelView, type LoadViewer } from './model-view.ts'

/** More characters than fit into a third of a card. */
const WIDE = 16

const STATES: Record<InspectedModel['state'], string> = {
  ready: 'ready',
  pending: 'on its way',
  preview: 'stand-in',
  failed: 'failed',
}

interface CardOptions {
  loadViewer: LoadViewer
  actions: CardActions | undefined
  /** Why nothing may be spent from here; undefined if it may. */
  locked: string | undefined
}

/**
 * One model: its image beside it, and everything that is known about it. It is updated in place, so that focus stays.
 */
export class Card {
  readonly element: HTMLElement
  #model: InspectedModel
  #locked: string | undefined
  readonly #view: ModelView
  readonly #loadViewer: LoadViewer
  readonly #name = el('h2')
  readonly #badge = el('span', { className: 'badge' })
  readonly #pictures = el('div', { className: 'pictures' })
  readonly #progress = el('div', { className: 'progress' })
  readonly #error = el('div', { className: 'error' })
  readonly #facts = el('dl')
  readonly #levels = el('ul', { className: 'levels', hidden: true })
  readonly #directives = el('ul', { className: 'chips' })
  readonly #importers = el('ul', { className: 'importers' })
  readonly #buttons: Buttons

  constructor(model: InspectedModel, { loadViewer, actions, locked }: CardOptions) {
    this.#model = model
    this.#locked = locked
    this.#buttons = new Buttons(actions)
    this.#loadViewer = loadViewer
    this.#view = new ModelView(loadViewer)
    this.element = el(
      'article',
      { className: 'card' },
      el('div', { className: 'stage' }, this.#pictures, this.#view.element),
      el('div', { className: 'title' }, this.#name, this.#badge),
      this.#progress,
      this.#error,
      this.#facts,
      this.#levels,
      this.#directives,
      this.#importers,
      this.#buttons.element,
      this.#buttons.copied,
    )
    this.update(model, locked)
  }

  get model(): InspectedModel {
    return this.#model
  }

  /** @param locked why nothing may be spent from here */
  update(model: InspectedModel, locked: string | undefined): void {
    const hasChanged = locked !== this.#locked || JSON.stringify(model) !== JSON.stringify(this.#model)
    this.#model = model
    this.#locked = locked
    if (!hasChanged && this.#name.textContent) return
    this.element.dataset['state'] = model.state
    this.element.dataset['shows'] = model.metadata?.state === 'ready' ? 'model' : 'stand-in'
    setText(this.#name, model.image)
    this.#badge.dataset['state'] = model.state
    const isMissing = model.state === 'preview' && !model.metadata
    setText(this.#badge, isMissing ? 'missing' : STATES[model.state])
    this.#showPictures(model)
    this.#view.show(model)
    this.#showProgress(model)
    this.#showError(model)
    this.#showFacts(model)
    this.#showLevels(model)
    this.#showLists(model)
    this.#buttons.show(model, locked)
  }

  #showPictures({ pictures, image }: InspectedModel): void {
    if (this.#pictures.children.length === pictures.length) return
    this.#pictures.replaceChildren(
      ...pictures.map((src, index) =>
        el('img', {
          src,
          alt: index === 0 ? `The image ${image}` : `View ${index + 1} of ${image}`,
          loading: 'lazy',
        }),
      ),
    )
  }

  #showProgress({ progress }: InspectedModel): void {
    this.#progress.hidden = !progress
    if (!progress) return
    const { percent, seconds, text } = progress
    const bar = el('progress', { max: 100, 'aria-label': 'Progress' })
    if (percent) bar.value = percent
    const share = percent ? `${percent} %, ` : ''
    this.#progress.replaceChildren(bar, el('span', {}, `${share}${text}, ${seconds} s`))
  }

  #showError({ error }: InspectedModel): void {
    this.#error.hidden = !error
    if (!error) return
    this.#error.replaceChildren(
      el('p', {}, ...withCode(error.message)),
      el('p', { className: 'hint' }, ...withCode(error.hint)),
      el('small', {}, error.code),
    )
  }

  #showFacts({ metadata, source, credits, isStored, isAsked }: InspectedModel): void {
    const facts = metadata ? factsOf(metadata, source) : []
    if (credits > 0) facts.push([isStored ? 'cost' : 'price', formatCredits(credits)])
    if (isAsked) facts.push(['waits for', 'your approval'])
    this.#facts.replaceChildren(
      ...facts.map(([term, value]) => {
        const className = value.length > WIDE ? 'wide' : ''
        return el('div', { className }, el('dt', {}, term), el('dd', {}, value))
      }),
    )
  }

  #showLevels({ levels, model, metadata, image }: InspectedModel): void {
    this.#levels.hidden = levels.length === 0
    const shown = JSON.stringify([levels, model])
    if (levels.length === 0 || !metadata || this.#levels.dataset['shown'] === shown) return
    this.#levels.dataset['shown'] = shown
    const all = [{ model, triangles: metadata.triangles, bytes: metadata.bytes }, ...levels]
    this.#levels.replaceChildren(
      ...all.map((level, index) => {
        const view = new ModelView(this.#loadViewer)
        view.show({ model: level.model, metadata, image: `${image}, level ${index + 1}` })
        const text = `${formatNumber(level.triangles)} triangles, ${formatBytes(level.bytes)}`
        return el('li', {}, view.element, el('span', {}, text))
      }),
    )
  }

  #showLists({ directives, importers, id, metadata }: InspectedModel): void {
    const chips = Object.entries(directives).map(([name, value]) => formatDirective(name, value))
    this.#directives.replaceChildren(...chips.map((text) => el('li', {}, text)))
    this.#directives.hidden = chips.length === 0
    const places = importers.map((site) => el('li', {}, formatSite(site)))
    const key = metadata && el('li', { className: 'key', title: 'The key of the request' }, id)
    this.#importers.replaceChildren(...places, ...(key ? [key] : []))
  }
}

/** What the model is, and what it was before something was derived from it. */
function factsOf(
  metadata: NonNullable<InspectedModel['metadata']>,
  source: InspectedModel['source'],
): [string, string][] {
  const { triangles, vertices, bytes, materials, textures, bounds, animations, derived } = metadata
  const was = <T>(value: T | undefined, format: (value: T) => string) =>
    value === undefined ? undefined : format(value)
  return [
    ['triangles', formatChange(was(source?.triangles, formatNumber), formatNumber(triangles))],
    ['vertices', formatNumber(vertices)],
    ['bytes', formatChange(was(source?.bytes, formatBytes), formatBytes(bytes))],
    ['materials', formatNumber(materials)],
    ['textures', formatNumber(textures)],
    ['size', formatChange(was(source?.size, formatSize), formatSize(bounds.size))],
    ...(animations > 0 ? [['animations', formatNumber(animations)] satisfies [string, string]] : []),
    ['source', metadata.source],
    ...(derived ? [['derived with', derived.steps.join(', ')] satisfies [string, string]] : []),
  ]
}
