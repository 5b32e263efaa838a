import type { Progress } from '../../generate/progress.ts'
import type { Observer } from './observer.ts'

/** All who show a live run. */
export class Observers {
  #joined = new Set<Observer>()

  join<T extends Observer>(observer: T): T {
    this.#joined.add(observer)
    return observer
  }

  /** Who joined already, of a kind of which one is enough. */
  joined<T extends Observer>(kind: new (...init: never[]) => T): T | undefined {
    return [...this.#joined].find((observer): observer is T => observer instanceof kind)
  }

  tell<E extends keyof Observer>(event: E, ...told: Parameters<Observer[E]>): void {
    for (const observer of this.#joined) {
      const hear = observer[event] as (...told: Parameters<Observer[E]>) => void
      hear.apply(observer, told)
    }
  }
}

/** Progress for the terminal, and for all who show the run. */
export function progressFor(terminal: Progress, observers: Observers): Progress {
  return {
    waiting: (request) => {
      terminal.waiting(request)
      observers.tell('waiting', request)
    },
    queueFull: (request) => {
      terminal.queueFull(request)
      observers.tell('queueFull', request)
    },
    task: (request, task) => {
      terminal.task(request, task)
      observers.tell('task', request, task)
    },
    deriving: (request) => {
      terminal.deriving(request)
      observers.tell('deriving', request)
    },
    done: (request) => {
      terminal.done(request)
      observers.tell('done', request)
    },
  }
}
