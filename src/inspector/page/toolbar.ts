import type { InspectedModel } from '../model.ts'
import { el, setText } from './dom.ts'
import { formatDirective, formatSite } from './format.ts'

const STATES = {
  all: 'all',
  ready: 'ready',
  pending: 'on their way',
  preview: 'stand-ins',
  failed: 'failed',
} as const

/** The controls that choose which models are shown. */
export class Toolbar {
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
export interface Choice {
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

export function choose(models: readonly InspectedModel[], { text, state, sort }: Choice): InspectedModel[] {
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
