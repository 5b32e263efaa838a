import type { InspectedModel } from '../model.ts'
import { SORTS, type Choice, type SortName } from './choice.ts'
import { el, setText } from './dom.ts'

const STATES = {
  all: 'all',
  ready: 'ready',
  pending: 'on their way',
  preview: 'stand-ins',
  failed: 'failed',
} as const

/** The controls that choose which models are seen. */
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
    // As in many tools: a slash begins to search.
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
