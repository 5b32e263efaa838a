import type { Finding } from '../../finding/classify.ts'
import type { Permission } from '../../finding/permission.ts'
import { FILE_ROLES, type FileRole } from '../../request/files.ts'
import type { Request } from '../../request/request.ts'
import { SingleFlight } from '../../system/once.ts'

/** A request that an import still asks for, and what the run of that import can do about it. */
export interface Wanting {
  request: Request
  look(): Promise<Finding>
  make(finding: Finding, permission: Permission | undefined): Promise<void>
}

/** An import whose model is to be generated. */
interface Want {
  key: string
  /** According to what is on disk now; undefined if nothing is imported any more. */
  read(): Promise<Wanting | undefined>
}

/** The table of a run, as it is told about work that is done for all. */
interface Table {
  begin(request: Request): void
  end(request: Request): void
}

/**
 * What the runs of a process with the same cache folder know together about their models: bundlers create an instance
 * of the plugin for each environment and each worker.
 */
export class SharedModels {
  /** Work in progress, so that nobody starts it twice. */
  readonly flights = new SingleFlight()
  /** Models that a summary has counted, whichever part of a build it was. */
  readonly told = new Set<string>()
  readonly #files = new Map<string, FileRole[]>()
  /** By import: after the restart of a server, the new one speaks for it. */
  readonly #wants = new Map<string, Want>()
  /** By key: models that are on their way in the background, or will be after a quiet moment, and who shows them. */
  readonly #background = new Map<string, Set<Table>>()
  readonly #offered = new Set<string>()

  /** Imports that share a key share one task, which makes the files that any of them wants. */
  addFiles(request: Request): void {
    const all = new Set([...this.filesOf(request), ...request.wanted])
    this.#files.set(
      request.key,
      FILE_ROLES.filter((role) => all.has(role)),
    )
  }

  filesOf({ key, wanted }: Request): FileRole[] {
    return this.#files.get(key) ?? wanted
  }

  /** Remembers what an import wants now. Returns the key that nobody wants any more because of it, if there is one. */
  want(id: string, want: Want): string | undefined {
    const before = this.#wants.get(id)?.key
    this.#wants.set(id, want)
    return before === undefined || this.#wantsOf(before).length > 0 ? undefined : before
  }

  /** An import that still wants the model of a key; undefined if none does, so that nothing is paid for it. */
  async findWanting(key: string): Promise<Wanting | undefined> {
    const found = await Promise.all(this.#wantsOf(key).map((want) => want.read()))
    return found.find((one) => one?.request.key === key)
  }

  /** Shows in a table what is being done for its key in the background. Returns whether anything is. */
  join(request: Request, table: Table): boolean {
    const shown = this.#background.get(request.key)
    if (!shown) return false
    if (!shown.has(table)) table.begin(request)
    shown.add(table)
    return true
  }

  /** Starts work in the background, and returns whether it was not in progress yet. */
  start(request: Request, table: Table): boolean {
    if (this.#background.has(request.key)) return false
    this.#background.set(request.key, new Set())
    return this.join(request, table)
  }

  finish(request: Request): void {
    for (const table of this.#background.get(request.key) ?? []) table.end(request)
    this.#background.delete(request.key)
  }

  isUnderWay(key: string): boolean {
    return this.#background.has(key)
  }

  /** Whether one of these offers is new: an earlier one would give the same result again. */
  takeOffers(offers: readonly string[]): boolean {
    const untried = offers.filter((offer) => !this.#offered.has(offer))
    for (const offer of untried) this.#offered.add(offer)
    return untried.length > 0
  }

  #wantsOf(key: string): Want[] {
    return [...this.#wants.values()].filter((want) => want.key === key)
  }
}
