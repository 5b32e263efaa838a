import type { Mode } from '../../src/finding/modes.ts'
import type { Chance } from './chance.ts'
import type { Loss } from './disk.ts'
import type { Weather } from './network.ts'
import type { Pace } from './scheduler.ts'
import type { ServiceHabits } from './service.ts'

/** Who shares what with whom. */
export type Setting =
  /** Several processes in one folder. */
  | 'one folder'
  /** Two folders of one machine with its store. */
  | 'two folders'
  /** Two machines that have one folder over the network. */
  | 'one folder, two machines'
  /** Two machines with a store of the team that decides who is first. */
  | 'a team'
  /** The same, and the store is out of reach at times. */
  | 'a team with a bad store'
  /** Two machines that share the account alone. */
  | 'strangers'

export interface Plan {
  /** Which of the places. */
  place: number
  mode: Mode
  images: number
  /** Models that it may pay for. */
  affords: number
  startsAt: number
  diesAt: number
  death: 'kill' | 'power cut'
}

/** Everything that is decided before a history begins. */
export interface World {
  setting: Setting
  images: number
  plans: Plan[]
  pace: Pace
  habits: ServiceHabits
  weather: Weather
  loss: Loss
  pins: boolean
  /** How far the clocks of machines are ahead. */
  ahead: number[]
  /** How often a process that is started again dies again. */
  diesAgain: number
  restartsAfter: number
  /** Before the last run, in milliseconds. */
  rest: number
  bucketMishaps: number
}

const SETTINGS: Record<Setting, number> = {
  'one folder': 10,
  'two folders': 3,
  'one folder, two machines': 2,
  'a team': 3,
  'a team with a bad store': 1,
  strangers: 2,
}

const NEVER = Infinity

/** @param wanted what is shared in it, where a seed is not to decide that */
export function drawWorld(chance: Chance, wanted?: Setting): World {
  const drawn = chance.weighted(SETTINGS)
  const setting = wanted ?? drawn
  if (!(setting in SETTINGS))
    throw new Error(`There is no setting ${setting}: ${Object.keys(SETTINGS).join('; ')}`)
  const images = chance.happens(0.05) ? 2 : 1
  const places = setting === 'one folder' ? 1 : 2
  const count = chance.happens(0.05) ? 3 : chance.happens(0.7) ? 2 : 1
  const tellsTime = chance.happens(0.8)
  const isApart = setting !== 'one folder' && setting !== 'two folders'
  return {
    setting,
    images,
    plans: Array.from({ length: count }, (_, index) =>
      drawPlan(chance, { place: index % places, images, index }),
    ),
    pace: { switches: chance.pick([0.02, 0.1, 0.3, 1]), naps: isApart || chance.happens(0.7) ? 0 : 0.004 },
    habits: {
      echo: chance.weighted({ whole: 5, cut: 2, nothing: 2, 'refuses names': 1 }),
      tellsTime,
      tellsCredits: chance.happens(0.5),
      fates: chance.happens(0.6)
        ? { model: 1, refunded: 0, 'charged failure': 0, canceled: 0 }
        : { model: 6, refunded: 3, 'charged failure': 1, canceled: 1 },
      slowest: chance.pick([1, 1_000, 40_000]),
      balance: 1000,
    },
    weather: drawWeather(chance),
    loss: chance.pick(['all', 'some']),
    pins: chance.happens(0.6),
    ahead: [drawAhead(chance, tellsTime), drawAhead(chance, tellsTime)],
    diesAgain: chance.pick([0, 0.4]),
    restartsAfter: chance.pick([0, 3_000, 60_000, 400_000]),
    rest: chance.pick([0, 30_000, 600_000]),
    bucketMishaps: setting === 'a team with a bad store' ? 0.1 : 0,
  }
}

function drawPlan(
  chance: Chance,
  { place, images, index }: { place: number; images: number; index: number },
): Plan {
  return {
    place,
    mode: chance.happens(0.9) ? 'generate' : chance.pick(['frozen', 'ask', 'preview', 'plan']),
    images,
    affords: chance.happens(0.7) ? images : chance.pick([0, 1, 10]),
    startsAt: index === 0 ? 0 : chance.pick([0, 50, 700, 5_000]),
    diesAt: chance.happens(0.5) ? 1 + chance.below(260) : NEVER,
    death: chance.happens(0.5) ? 'kill' : 'power cut',
  }
}

function drawWeather(chance: Chance): Weather {
  if (chance.happens(0.3)) return CALM
  const bad = chance.pick([0.3, 1, 3])
  return {
    paying: {
      none: 6,
      'lost answer': bad * 2,
      silence: bad * 0.3,
      late: bad,
      half: bad * 0.5,
      'done, and an error': bad,
      'lost request': bad * 0.5,
      unreachable: bad * 0.5,
      busy: bad * 0.5,
      'too fast': bad,
      'queue full': bad * 1.5,
      'no credits': bad * 0.3,
    },
    reading: {
      none: 40,
      unreachable: bad,
      'lost answer': bad,
      half: bad,
      'done, and an error': bad,
      busy: bad,
      'too fast': bad,
      silence: bad * 0.2,
      late: bad * 0.5,
    },
  }
}

export const CALM: Weather = { paying: { none: 1 }, reading: { none: 1 } }

/** Nothing helps a machine whose clock is an hour wrong with a service that tells no time: each real one does. */
function drawAhead(chance: Chance, tellsTime: boolean): number {
  if (chance.happens(0.7)) return 0
  return tellsTime
    ? chance.pick([-3_600_000, -90_000, 5_000, 90_000, 3_600_000])
    : chance.pick([-30_000, 30_000])
}
