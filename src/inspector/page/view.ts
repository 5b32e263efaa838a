import type { InspectedTotals, Inspection, InspectedModel } from '../model.ts'
import { lockButton, type CardActions } from './buttons.ts'
import { Card } from './card.ts'
import { el, setChildren, setText, withCode } from './dom.ts'
import { formatBytes } from '../../system/format.ts'
import { formatCredits, formatNumber, formatDirective, formatSite } from './format.ts'
import type { LoadViewer } from './model-view.ts'

interface ViewOptions {
  loadViewer: LoadViewer
  /** Absent in a report, which has no server. */
  actions?: CardActions | undefined
}

/** The whole page: totals, controls, and a card for each model. */
export class View {
  #inspection: Inspection | undefined
  readonly #cards = new Map<string, Card>()
  readonly #options: ViewOptions
  readonly #totals = el('dl', { className: 'totals' })
  readonly #generateAll = el('button', { type: 'button', className: 'main', hidden: true })
  readonly #toolbar = new Toolbar(() => this.#showCards())
  readonly #gallery = el('main')
  readonly #empty = el('p', { className: 'empty' })
  /** Read out by screen readers. */
  readonly #news = el('p', { className: 'unseen', 'aria-live': 'polite' })
  /** Why the buttons that may spend do nothing. */
  readonly #lock = el('p', { className: 'lock', hidden: true })
  readonly #notice = el('p', { className: 'notice', role: 'alert', hidden: true })

  constructor(options: ViewOptions) {
    this.#options = options
    this.#generateAll.addEventListener('click', () => options.actions?.generate(this.#asked()))
    this.#toolbar.element.append(this.#generateAll)
    document.body.append(
      el('header', {}, el('h1', {}, 'Models'), this.#totals),
      this.#notice,
      this.#lock,
      this.#toolbar.element,
      this.#gallery,
      this.#empty,
      this.#news,
    )
  }

  update(inspection: Inspection): void {
    const before = this.#inspection
    this.#inspection = inspection
    this.#showTotals(inspection.totals, inspection.mode)
    this.#toolbar.count(inspection.models)
    this.#lock.hidden = inspection.locked === undefined
    this.#lock.replaceChildren(...withCode(inspection.locked ?? ''))
    lockButton(this.#generateAll, inspection.locked)
    this.#showCards()
    const isNew = ({ id, state }: { id: string; state: string }) =>
      before?.models.some((model) => model.id === id && model.state !== state)
    const news = inspection.models.filter(isNew).map(({ image, state }) => `${image} is ${state}.`)
    if (news.length > 0) setText(this.#news, news.join(' '))
  }

  /** Shows a message above everything else; none if it is undefined. */
  notify(text: string | undefined): void {
    this.#notice.hidden = text === undefined
    setText(this.#notice, text ?? '')
  }

  #asked(): string[] {
    return this.#inspection?.models.filter(({ isAsked }) => isAsked).map(({ id }) => id) ?? []
  }

  #showTotals({ models, bytes, credits }: InspectedTotals, mode: string): void {
    const { spent, thisRun, onTheirWay, asked, balance } = credits
    const rows: [string, string][] = [
      ['models', formatNumber(models)],
      ['together', formatBytes(bytes)],
      ['spent so far', formatCredits(spent)],
      ['this run', formatCredits(thisRun)],
      ['on their way', formatCredits(onTheirWay)],
      ...(balance === undefined ? [] : ([['balance', formatCredits(balance)]] as [string, string][])),
      ['mode', mode],
    ]
    this.#totals.replaceChildren(
      ...rows.map(([term, value]) => el('div', {}, el('dt', {}, term), el('dd', {}, value))),
    )
    this.#generateAll.hidden = asked === 0 || !this.#options.actions
    setText(this.#generateAll, `Generate all, ${formatCredits(asked)}`)
  }

  #showCards(): void {
    const models = this.#inspection?.models ?? []
    const shown = choose(models, this.#toolbar.choice)
    const ids = new Set(models.map(({ id }) => id))
    for (const id of this.#cards.keys()) if (!ids.has(id)) this.#cards.delete(id)
    setChildren(
      this.#gallery,
      shown.map((model) => this.#card(model.id)),
    )
    this.#empty.hidden = shown.length > 0
    setText(
      this.#empty,
      models.length > 0
        ? 'No model matches these filters.'
        : 'No module has imported a model yet. Open the page of your project.',
    )
  }

  #card(id: string): HTMLElement {
    const model = this.#inspection?.models.find((one) => one.id === id)
    if (!model) throw new Error(`There is no model ${id}.`)
    const known = this.#cards.get(id)
    const locked = this.#inspection?.locked
    known?.update(model, locked)
    const { loadViewer, actions } = this.#options
    const card = known ?? new Card(model, { loadViewer, actions, locked })
    this.#cards.set(id, card)
    return card.element
  }
}

const STATES = {
  all: 'all',
  ready: 'ready',
  pending: 'on their way',
  preview: 'stand-ins',
  failed: 'failed',
} as const

/** The controls that choose which models are shown. */
class Toolbar {
  readonly element: HTMLElement
  choice: Choice = { text: '', state: 'all', sort: 'name' }
  readonly #search = el('input', {
    type: 'search',
    placeholder: 'Filter',
    'aria-label': 'Filter by name, place or query',
  })
  readonly #counts = new Map<Choice['state'], HTMLElement>()

  constructor(onChange: () => void) {
    const change = (choice: Partial<Choice>) => {
      this.choice = { ...this.choice, ...choice }
      onChange()
    }
    this.#search.addEventListener('input', () => change({ text: this.#search.value }))
    const sort = el(
      'select',
      { 'aria-label': 'Sort by' },
      ...Object.keys(SORTS).map((name) => el('option', { value: name }, `by ${name}`)),
    )
    sort.addEventListener('change', () => change({ sort: sort.value as SortName }))
    const states = (Object.keys(STATES) as Choice['state'][]).map((state) => this.#stateButton(state, change))
    this.element = el(
      'div',
      { className: 'toolbar', role: 'toolbar', 'aria-label': 'Which models are shown' },
      this.#search,
      el('fieldset', {}, el('legend', { className: 'unseen' }, 'State'), ...states),
      sort,
    )
    // As in many tools, a slash starts the search.
    document.addEventListener('keydown', (event) => {
      if (event.key !== '/' || event.target === this.#search) return
      event.preventDefault()
      this.#search.focus()
    })
  }

  count(models: readonly InspectedModel[]): void {
    for (const [state, element] of this.#counts) {
      const count = models.filter((model) => state === 'all' || model.state === state).length
      setText(element, String(count))
    }
  }

  #stateButton(state: Choice['state'], change: (choice: Partial<Choice>) => void): HTMLElement {
    const input = el('input', { type: 'radio', name: 'state', value: state, checked: state === 'all' })
    input.addEventListener('change', () => change({ state }))
    const count = el('span', { className: 'count' })
    this.#counts.set(state, count)
    return el('label', {}, input, ` ${STATES[state]} `, count)
  }
}

/** Which models a person wants to see, and in which order. */
interface Choice {
  text: string
  state: InspectedModel['state'] | 'all'
  sort: SortName
}

const SORTS = {
  name: (a: InspectedModel, b: InspectedModel) => a.image.localeCompare(b.image, 'en'),
  state: (a: InspectedModel, b: InspectedModel) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state),
  bytes: (a: InspectedModel, b: InspectedModel) => (b.metadata?.bytes ?? 0) - (a.metadata?.bytes ?? 0),
  triangles: (a: InspectedModel, b: InspectedModel) =>
    (b.metadata?.triangles ?? 0) - (a.metadata?.triangles ?? 0),
  credits: (a: InspectedModel, b: InspectedModel) => b.credits - a.credits,
}
type SortName = keyof typeof SORTS

/** Models that need attention come first. */
const ORDER: readonly InspectedModel['state'][] = ['failed', 'preview', 'pending', 'ready']

function choose(models: readonly InspectedModel[], { text, state, sort }: Choice): InspectedModel[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  return models
    .filter((model) => state === 'all' || model.state === state)
    .filter((model) => words.every((word) => textOf(model).includes(word)))
    .toSorted(SORTS[sort])
}

function textOf({ image, importers, directives, id, state }: InspectedModel): string {
  const queries = Object.entries(directives).map(([name, value]) => formatDirective(name, value))
  return [image, id, state, ...importers.map(formatSite), ...queries].join(' ').toLowerCase()
}
