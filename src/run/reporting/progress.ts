import type { createLogUpdate } from 'log-update'
import type { Clock } from '../../system/clock.ts'
import { printable } from '../../system/redact.ts'
import type { Logger } from '../../system/logger.ts'
import type { Work } from '../models/model.ts'
import type { Models } from '../models/models.ts'

/** Reports the progress of models if no terminal can redraw: one line for each change of state. */
export function tellProgress(models: Models, logger: Logger): void {
  models.subscribe(({ request, work }, before) => {
    const state = stateOf(work)
    if (state === undefined || state === 'waiting' || state === stateOf(before?.work)) return
    logger.info(`meshy: ${request.imageName}: ${state}`)
  })
}

/** A terminal that can redraw its last lines. */
type Redraw = Pick<ReturnType<typeof createLogUpdate>, 'clear' | 'done'> & ((text: string) => void)

const FRAME_MS = 1_000

/**
 * Progress on a terminal: one line per model with state, progress, place in the queue and seconds, redrawn in place.
 */
export class TerminalProgress {
  #timer: NodeJS.Timeout | undefined
  readonly #models: Models
  readonly #redraw: Redraw
  readonly #clock: Clock

  constructor(models: Models, redraw: Redraw, clock: Clock) {
    this.#models = models
    this.#redraw = redraw
    this.#clock = clock
    models.subscribe(({ work }, before) => {
      if (work !== before?.work) this.#draw()
    })
  }

  /** A logger whose lines appear above the redrawn ones. */
  above(logger: Logger): Logger {
    const write = (say: (text: string) => void) => (text: string) => {
      this.#redraw.clear()
      say(text)
      this.#draw()
    }
    return {
      info: write((text) => logger.info(text)),
      warn: write((text) => logger.warn(text)),
      error: write((text) => logger.error(text)),
    }
  }

  #draw(): void {
    const lines = this.#lines()
    if (lines.length > 0) {
      // Only for display: it must not keep a process alive.
      this.#timer ??= setInterval(() => this.#draw(), FRAME_MS).unref()
      return this.#redraw(lines.join('\n'))
    }
    if (!this.#timer) return
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#redraw.clear()
  }

  #lines(): string[] {
    const shown = this.#models.all().flatMap(({ request, work }) => {
      const state = stateOf(work, { percent: true })
      return work && state ? { image: printable(request.imageName), state, since: work.since } : []
    })
    const width = Math.max(...shown.map(({ image }) => image.length))
    const now = this.#clock.now()
    return shown.map(
      ({ image, state, since }) =>
        `  ${image.padEnd(width)}  ${state}  ${Math.round((now - since) / 1000)} s`,
    )
  }
}

/** Undefined for anything that people need not be told. */
function stateOf(work: Work | undefined, { percent = false } = {}): string | undefined {
  if (!work || work.isQuiet) return undefined
  const { step } = work
  if (step === 'queue full') return "waiting for a place in the account's queue"
  if (typeof step === 'string') return step
  const { status, progress, precedingTasks } = step
  const place = status === 'PENDING' && precedingTasks ? `, ${precedingTasks} before it` : ''
  const bar = percent && status === 'IN_PROGRESS' ? ` ${progress} %` : ''
  return `${status.toLowerCase().replace('_', ' ')}${bar}${place}`
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const

/**
 * Says what is on its way when a build is stopped, for example by Ctrl-C. The build stops at once anyway: the journal
 * was durable before anything was sent.
 *
 * It listens only while something is on its way, and then lets the signal do what it would do without us.
 */
export function tellInterrupt(models: Models, logger: Logger): void {
  let isListening = false
  const listen = (yes: boolean) => {
    if (yes === isListening) return
    isListening = yes
    for (const signal of SIGNALS) {
      // Before all others: a listener that restores a terminal at the end checks whether it is the last one.
      if (yes) process.prependListener(signal, stop)
      else process.removeListener(signal, stop)
    }
  }
  const stop = (signal: NodeJS.Signals) => {
    listen(false)
    const names = namesOf(models).toSorted().join(', ')
    logger.warn(`meshy: stopped. On their way: ${names}. The next run resumes them without paying again.`)
    // Other listeners received this signal as well, and decide what to do.
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal)
  }
  models.subscribe(({ work }, before) => {
    if (work?.isSent !== before?.work?.isSent) listen(namesOf(models).length > 0)
  })
}

function namesOf(models: Models): string[] {
  return models.all().flatMap(({ request, work }) => (work?.isSent ? request.imageName : []))
}
