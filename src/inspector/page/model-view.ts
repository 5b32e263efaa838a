import type { InspectedModel } from '../model.ts'
import { el, setText } from './dom.ts'
import type { Stage } from './stage.ts'

/** Loads the 3D library when the first model comes into view. */
export type LoadViewer = () => Promise<Stage>

const ARROWS: Record<string, [right: number, up: number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
}
const STEP = 0.2
const RADIANS_PER_PIXEL = 0.01

/** A model that can be rotated by pointer, or with the arrow keys. It is loaded while it is on the screen. */
export class ModelView {
  readonly element: HTMLElement
  readonly #canvas = el('canvas', { tabIndex: 0, role: 'img', width: 400, height: 400 })
  readonly #note = el('p', { className: 'note' })
  readonly #loadViewer: LoadViewer
  #url: string | undefined
  #shown: string | undefined
  #isVisible = false
  #stage: Stage | undefined

  constructor(loadViewer: LoadViewer) {
    this.#loadViewer = loadViewer
    this.element = el('div', { className: 'view' }, this.#canvas, this.#note)
    this.#canvas.addEventListener('keydown', (event) => this.#onKey(event))
    this.#canvas.addEventListener('pointerdown', (event) => this.#onGrab(event))
    new IntersectionObserver(
      ([entry]) => {
        this.#isVisible = entry?.isIntersecting ?? false
        void this.#refresh()
      },
      { rootMargin: '200px' },
    ).observe(this.element)
  }

  show({ model, image, metadata }: Pick<InspectedModel, 'model' | 'image' | 'metadata'>): void {
    this.#url = model
    const what = metadata?.state === 'ready' ? `The model of ${image}` : `The stand-in of ${image}`
    this.#canvas.setAttribute('aria-label', `${what}. Use the arrow keys to rotate it.`)
    this.element.dataset['empty'] = String(model === undefined)
    void this.#refresh()
  }

  /** Loads what is visible; releases the memory of what is not, whose image stays. */
  async #refresh(): Promise<void> {
    const url = this.#url
    if (!this.#isVisible) {
      this.#stage?.remove(this.#canvas)
      this.#shown = undefined
      return
    }
    if (url === undefined || url === this.#shown) return
    this.#shown = url
    try {
      this.#stage = await this.#loadViewer()
      await this.#stage.show(this.#canvas, url)
      setText(this.#note, '')
      this.element.dataset['shown'] = url
    } catch (error) {
      setText(
        this.#note,
        `It cannot be shown here: ${error instanceof Error ? error.message : String(error)}`,
      )
    }
  }

  #onKey(event: KeyboardEvent): void {
    const arrow = ARROWS[event.key]
    if (!arrow) return
    event.preventDefault()
    this.#stage?.turn(this.#canvas, arrow[0] * STEP, arrow[1] * STEP)
  }

  #onGrab(event: PointerEvent): void {
    this.#canvas.setPointerCapture(event.pointerId)
    const move = ({ movementX, movementY }: PointerEvent) =>
      this.#stage?.turn(this.#canvas, movementX * RADIANS_PER_PIXEL, movementY * RADIANS_PER_PIXEL)
    const release = () => this.#canvas.removeEventListener('pointermove', move)
    this.#canvas.addEventListener('pointermove', move)
    this.#canvas.addEventListener('pointerup', release, { once: true })
    this.#canvas.addEventListener('pointercancel', release, { once: true })
  }
}
