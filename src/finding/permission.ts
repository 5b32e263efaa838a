import { hasCode, MeshyError } from '../system/errors.ts'
import { decide, type Mode } from './modes.ts'

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
  return hasCode(error, 'MESHY_IMPORT_REMOVED')
}

/** Whether work ended because its model turned out to be missing, and nobody has allowed paying for it. */
export function lacksPermission(error: unknown): error is MeshyError {
  return hasCode(error, 'MESHY_PERMISSION_MISSING')
}
