import { isMeshyError, MeshyError } from '../system/errors.ts'

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

/**
 * What allows a model to be paid for. Only the table of modes and a developer's approval for that very key create one,
 * and each POST takes one: code that forgot to ask does not compile.
 */
export class Permission {
  readonly #key: string

  private constructor(key: string) {
    this.#key = key
  }

  /** What the mode of a run allows by itself. */
  static ofMode(mode: Mode, key: string): Permission | undefined {
    return decide(mode, 'missing') === 'submit' ? new Permission(key) : undefined
  }

  /** A developer's approval for this key, in the terminal or with a button. */
  static ofYes(key: string): Permission {
    return new Permission(key)
  }

  /** Called right before the POST. @throws {MeshyError} MESHY_PERMISSION_MISSING */
  assertCovers(key: string): void {
    if (key !== this.#key) throw permissionMissing({ key, imageName: key })
  }
}

/** The error of a model that would have to be paid for, in a run that may not pay for it. */
export function permissionMissing({ key, imageName }: { key: string; imageName: string }): MeshyError {
  return new MeshyError('MESHY_PERMISSION_MISSING', {
    message: `\`${imageName}\` is missing, and this run has no permission to pay for it. Nothing was submitted.`,
    hint: 'Approve it in the dev server, or set MESHY_MODE=generate for this run.',
    details: { key },
  })
}

/** The error of a model that a live run was about to pay for, when its import or its image was edited away. */
export function importRemoved({ key, imageName }: { key: string; imageName: string }): MeshyError {
  return new MeshyError('MESHY_IMPORT_REMOVED', {
    message: `Nobody imports this model of \`${imageName}\` any more, so nothing was submitted for it.`,
    hint: 'To generate it, import it again.',
    details: { key },
  })
}

/** Whether work ended because nobody wants its model any more. */
export function isImportRemoved(error: unknown): error is MeshyError {
  return isMeshyError(error) && error.code === 'MESHY_IMPORT_REMOVED'
}

/** Whether work ended because its model turned out to be missing, and nobody has allowed paying for it. */
export function lacksPermission(error: unknown): error is MeshyError {
  return isMeshyError(error) && error.code === 'MESHY_PERMISSION_MISSING'
}
