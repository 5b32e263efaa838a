import type { InspectedModel } from '../model.ts'
import { el, setChildren, setText } from './dom.ts'
import { formatCredits } from './format.ts'

/** What the buttons of a card do; absent in a report, which has no server. */
export interface CardActions {
  generate(keys: string[]): void
  retry(keys: string[]): void
}

/** How long a copied query stays visible. */
const COPIED_MS = 8_000

/** What a developer can do about one model. */
export class Buttons {
  readonly element = el('div', { className: 'buttons' })
  /** The message about a copied query. */
  readonly copied = el('output', { className: 'copied', hidden: true })
  readonly #actions: CardActions | undefined
  #nextQuery = ''
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(actions: CardActions | undefined) {
    this.#actions = actions
  }

  /** @param locked why nothing may be spent from here */
  show({ id, isAsked, canRetry, credits, nextQuery }: InspectedModel, locked: string | undefined): void {
    if (!this.#actions) return
    this.#nextQuery = nextQuery ?? ''
    const { generate, retry } = this.#actions
    const price = formatCredits(credits)
    const spender = (name: string, text: string, press: () => void) => {
      const element = button(name, text, press, 'main')
      lockButton(element, locked)
      return element
    }
    const wanted = [
      isAsked && spender('generate', `Generate, ${price}`, () => generate([id])),
      canRetry && spender('retry', 'Retry', () => retry([id])),
      nextQuery !== undefined && button('roll', 'Roll again', () => void this.#copy()),
    ].filter((one) => one !== false)
    const known = new Map(
      [...this.element.children].map((child) => [(child as HTMLElement).dataset['name'], child]),
    )
    // The same button stays, and keeps the focus.
    setChildren(
      this.element,
      wanted.map((one) => {
        const before = known.get(one.dataset['name'])
        return before?.isEqualNode(one) ? (before as HTMLElement) : one
      }),
    )
  }

  /** The button stays while what it copies changes. */
  async #copy(): Promise<void> {
    setText(this.copied, await copyText(this.#nextQuery))
    this.copied.hidden = false
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => (this.copied.hidden = true), COPIED_MS)
  }
}

async function copyText(query: string): Promise<string> {
  try {
    await navigator.clipboard.writeText(query)
    return `Copied ${query}: paste it into the import.`
  } catch {
    // No permission, or a page without https: then the person copies it.
    return `Use this in the import: ${query}`
  }
}

/** A disabled button says why. */
export function lockButton(element: HTMLButtonElement, locked: string | undefined): void {
  element.disabled = locked !== undefined
  element.title = locked ?? ''
}

function button(name: string, text: string, press: () => void, look = ''): HTMLButtonElement {
  const element = el('button', { type: 'button', className: look, onclick: press }, text)
  element.dataset['name'] = name
  return element
}
