import type { createLogUpdate } from 'log-update'
import type { Clock } from '../../system/clock.ts'
import { printable } from '../../system/printable.ts'
import type { Logger } from '../../system/logger.ts'
import type { Progress } from '../../generate/progress.ts'

/** A terminal that can redraw its last lines. */
export type Redraw = Pick<ReturnType<typeof createLogUpdate>, 'clear' | 'done'> & ((text: string) => void)

interface Line {
  image: string
  state: string
  since: number
}

const FRAME_MS = 1_000

/** Progress on a terminal: one line a model with state, progress, place in the queue and seconds, redrawn in place. */
export class TerminalProgress implements Progress {
  #lines = new Map<string, Line>()
  #timer: NodeJS.Timeout | undefined
  readonly #redraw: Redraw
  readonly #clock: Clock

  constructor(redraw: Redraw, clock: Clock) {
    this.#redraw = redraw
    this.#clock = clock
  }

  waiting: Progress['waiting'] = ({ key, imageName }) => this.#set(key, imageName, 'waiting')

  queueFull: Progress['queueFull'] = ({ key, imageName }) =>
    this.#set(key, imageName, 'waiting for a place in the queue of the account')

  task: Progress['task'] = ({ key, imageName }, { status, progress, precedingTasks }) => {
    const place = status === 'PENDING' && precedingTasks ? `, ${precedingTasks} before it` : ''
    const bar = status === 'IN_PROGRESS' ? ` ${progress} %` : ''
    this.#set(key, imageName, `${status.toLowerCase().replace('_', ' ')}${bar}${place}`)
  }

  deriving: Progress['deriving'] = ({ key, imageName }) => this.#set(key, imageName, 'deriving')

  done: Progress['done'] = ({ key }) => {
    this.#lines.delete(key)
    if (this.#lines.size > 0) return this.#draw()
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#redraw.clear()
  }

  /** A logger whose lines stand above the drawn ones. */
  above(logger: Logger): Logger {
    const write = (say: (text: string) => void) => (text: string) => {
      this.#redraw.clear()
      say(text)
      if (this.#lines.size > 0) this.#draw()
    }
    return {
      info: write((text) => logger.info(text)),
      warn: write((text) => logger.warn(text)),
      error: write((text) => logger.error(text)),
    }
  }

  #set(key: string, image: string, state: string): void {
    const since = this.#lines.get(key)?.since ?? this.#clock.now()
    this.#lines.set(key, { image: printable(image), state, since })
    // Only for the eyes: it must not keep a process alive.
    this.#timer ??= setInterval(() => this.#draw(), FRAME_MS).unref()
    this.#draw()
  }

  #draw(): void {
    const now = this.#clock.now()
    const width = Math.max(...[...this.#lines.values()].map(({ image }) => image.length))
    const texts = [...this.#lines.values()].map(
      ({ image, state, since }) =>
        `  ${image.padEnd(width)}  ${state}  ${Math.round((now - since) / 1000)} s`,
    )
    this.#redraw(texts.join('\n'))
  }
}
