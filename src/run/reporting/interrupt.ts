import type { Logger } from '../../system/logger.ts'
import type { Models } from '../models/models.ts'

const SIGNALS = ['SIGINT', 'SIGTERM'] as const

/**
 * Says what is on its way when a build is stopped, by Ctrl-C for instance. It stops at once all the same: the journal
 * was durable before anything was sent.
 *
 * It listens only while something is on its way, and then lets the signal do what it does without us.
 */
export function tellInterrupt(models: Models, logger: Logger): void {
  let isListening = false
  const listen = (yes: boolean) => {
    if (yes === isListening) return
    isListening = yes
    for (const signal of SIGNALS) {
      // Before all others: who restores a terminal at the end looks whether it is the last one that listens.
      if (yes) process.prependListener(signal, stop)
      else process.removeListener(signal, stop)
    }
  }
  const stop = (signal: NodeJS.Signals) => {
    listen(false)
    const names = namesOf(models).toSorted().join(', ')
    logger.warn(`meshy: stopped. On their way: ${names}. The next run resumes them without paying again.`)
    // Whoever else listens was told of this signal as well, and decides what to do.
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal)
  }
  models.subscribe(({ work }, before) => {
    if (work?.isSent !== before?.work?.isSent) listen(namesOf(models).length > 0)
  })
}

function namesOf(models: Models): string[] {
  return models.all().flatMap(({ request, work }) => (work?.isSent ? request.imageName : []))
}
