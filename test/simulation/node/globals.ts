// In the place of the globals that tell the time, give chances, and know of processes.
import { errno } from '../disk.ts'
import { current, here, timeOn, world } from '../machine.ts'

export const simulatedNow = (): number => timeOn(current().machine)
export const simulatedElapsed = (): number => world().now
export const simulatedRandom = (): number => here.random()

interface Timer {
  stop: () => void
  unref(): Timer
}

export function setTimeout(then: () => void, ms: number): Timer {
  const owner = world().current
  return timer(world().later(ms, owner, then))
}

export function setInterval(then: () => void, ms: number): Timer {
  const owner = world().current
  const again = () => {
    running.stop = world().later(ms, owner, again)
    then()
  }
  const running = timer(world().later(ms, owner, again))
  return running
}

function timer(stop: () => void): Timer {
  const made: Timer = { stop, unref: () => made }
  return made
}

export function clearTimeout(running: Timer | undefined): void {
  running?.stop()
}

export const clearInterval = clearTimeout

/** The process whose turn it is. */
export const process = {
  get pid(): number {
    return current().pid
  },
  platform: 'linux',
  env: {},
  versions: {},
  stderr: { write: () => true },
  getuid: () => 1000,
  cwd: () => '/',
  kill(pid: number): true {
    const found = current().machine.processes.some((other) => other.pid === pid && world().isAlive(other))
    if (!found) throw errno('ESRCH', 'kill', String(pid))
    return true
  },
  prependListener: () => undefined,
  removeListener: () => undefined,
  listenerCount: () => 1,
  once: () => undefined,
}
