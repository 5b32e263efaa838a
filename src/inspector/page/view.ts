import type { InspectedTotals, Inspection } from '../model.ts'
import { Card, lockButton, type CardActions } from './card.ts'
import { choose, Toolbar } from './toolbar.ts'
import { el, setChildren, setText, withCode } from './dom.ts'
import { formatBytes } from '../../system/format.ts'
import { formatCredits, formatNumber } from './format.ts'
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
