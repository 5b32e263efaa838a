import type { Logger } from '../../system/logger.ts'
import type { Progress } from '../../generate/progress.ts'

/** Progress where no terminal can redraw: one line for each change of state. */
export function createLineProgress(logger: Logger): Progress {
  const last = new Map<string, string>()
  const say = (key: string, text: string) => {
    if (last.get(key) === text) return
    last.set(key, text)
    logger.info(`meshy: ${text}`)
  }
  return {
    waiting: () => {},
    queueFull: ({ key, imageName }) =>
      say(key, `${imageName}: waiting for a place in the queue of the account`),
    task: ({ key, imageName }, { status, precedingTasks }) => {
      const place = status === 'PENDING' && precedingTasks ? `, ${precedingTasks} before it` : ''
      say(key, `${imageName}: ${status.toLowerCase().replace('_', ' ')}${place}`)
    },
    deriving: ({ key, imageName }) => say(key, `${imageName}: deriving`),
    done: ({ key }) => void last.delete(key),
  }
}
