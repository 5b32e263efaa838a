export const MODES = ['generate', 'ask', 'frozen', 'preview', 'plan'] as const
/** What a run does with a model that is not ready; see the table of modes in the README. */
export type Mode = (typeof MODES)[number]

/** The four states of a request: only `missing` may ever lead to a paid POST. */
export const STATES = ['ready', 'restorable', 'on its way', 'missing'] as const
export type State = (typeof STATES)[number]

/**
 * What a run does with a request:
 * - `serve`: hand out the bytes.
 * - `restore`: fetch the pinned bytes from the task, without paying; they must match.
 * - `wait`: adopt the task that is on its way. Live: show a stand-in and swap it later.
 * - `submit`: pay. Live: show a stand-in and swap it later.
 * - `ask`: show a stand-in and the price; submit when the developer approves.
 * - `stand-in`: show a stand-in; nothing is on its way.
 * - `fail`: report it, with all others, at the end.
 * - `row`: only list it.
 */
export type Action = 'serve' | 'restore' | 'wait' | 'submit' | 'ask' | 'stand-in' | 'fail' | 'row'

const TABLE: Record<Mode, Record<State, Action>> = {
  generate: { ready: 'serve', restorable: 'restore', 'on its way': 'wait', missing: 'submit' },
  ask: { ready: 'serve', restorable: 'restore', 'on its way': 'wait', missing: 'ask' },
  frozen: { ready: 'serve', restorable: 'restore', 'on its way': 'fail', missing: 'fail' },
  preview: { ready: 'serve', restorable: 'stand-in', 'on its way': 'stand-in', missing: 'stand-in' },
  plan: { ready: 'row', restorable: 'row', 'on its way': 'row', missing: 'row' },
}

/** The cell of the table of modes. */
export function decide(mode: Mode, state: State): Action {
  return TABLE[mode][state]
}

/** Whether a mode may send anything at all. */
export function isOffline(mode: Mode): boolean {
  return mode === 'preview' || mode === 'plan'
}

/** Whether a mode may ever lead to a new model, possibly after approval. */
export function mayGenerate(mode: Mode): boolean {
  return mode === 'generate' || mode === 'ask'
}
