import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { randomUUID } from 'node:crypto'
import path from 'node:path'
import { MeshyError } from '../system/errors.ts'
import type { Facts } from '../glb/facts.ts'
import type { ResolvedOptions } from './option-types.ts'
import type { PlanRow, ShownRow } from './plan.ts'
import type { ModelReport } from './reporting/report.ts'
import type { Environment } from '../system/process.ts'

/**
 * A build that one of our commands runs, such as `plan -- npm run build`. Every process of it finds this: through a
 * variable, and in the copy of a project through its location, because some task runners do not pass variables on.
 */
export interface Commanded {
  mode: 'plan' | 'generate'
  /** Where each part of the build reports what it saw. */
  folder: string
  /** Credits that the command has spent before it: they count towards the same limit. */
  spent?: number | undefined
  /** Set if the build runs in a copy of the project. */
  copy?: { of: string; at: string } | undefined
  /** What modules of a `plan` get, so that the build can continue with its other parts. */
  standIn?: { path: string; facts: Facts; bytes: number; sha256: string } | undefined
}

/** What a part of a build reports, one line each. */
type PartLine =
  | { opened: true }
  | { row: ShownRow }
  | { model: ModelReport }
  | { spent: { image: string; key: string; credits: number } }
  /** Credits that it holds from then on; fewer if the number is negative. */
  | { held: number }

export const RUN_VARIABLE = 'MESHY_RUN'
export const RUN_FILE = 'run.json'
const PARTS = 'parts'
export const COPY_PREFIX = 'meshy-plan-'
const IN_COPY = /^(.*[\\/]meshy-plan-\w+)[\\/]copy(?=[\\/]|$)/

/**
 * The command that runs this build, if any.
 *
 * @throws {MeshyError} MESHY_PLAN_ONLY in the copy of a plan that has ended: what a build pays there would be lost
 */
export function findCommanded(root: string, env: Environment): Commanded | undefined {
  const ofCopy = IN_COPY.exec(root)?.[1]
  const folder = ofCopy ?? env[RUN_VARIABLE]
  const file = folder && path.join(folder, RUN_FILE)
  // Written by the command itself, in the same version.
  if (file && existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as Commanded
  if (ofCopy === undefined) return undefined
  throw new MeshyError('MESHY_PLAN_ONLY', {
    message: `\`${root}\` is in the copy of a project that was made for a plan, and that plan has ended.`,
    hint: 'Build in the project itself.',
  })
}

/** Options of a build that runs in a copy: what is stored and pinned is that of the project. */
export function commandedOptions({ mode, copy }: Commanded, options: ResolvedOptions): ResolvedOptions {
  const { cacheDir, lockfile } = options
  const original = (file: string) => (copy ? originalOf(copy, file) : file)
  return {
    ...options,
    mode,
    isModeChosen: true,
    cacheDir: original(cacheDir),
    lockfile: lockfile && original(lockfile),
  }
}

function originalOf({ of, at }: { of: string; at: string }, file: string): string {
  const relative = path.relative(at, file)
  return relative.startsWith('..') || path.isAbsolute(relative) ? file : path.join(of, relative)
}

/** What each part of a build has reported so far. */
export function partFiles({ folder }: Pick<Commanded, 'folder'>): string[] {
  const parts = path.join(folder, PARTS)
  return existsSync(parts) ? readdirSync(parts).map((name) => path.join(parts, name)) : []
}

/** The lines of one part. The last line may still be incomplete. */
export function readPart(file: string): PartLine[] {
  const whole = readFileSync(file, 'utf8').split('\n').slice(0, -1)
  return whole.map((line) => JSON.parse(line) as PartLine)
}

/** One process, or one plugin instance, of a build that a command runs. */
export class Part {
  readonly commanded: Commanded
  readonly #file: string

  constructor(commanded: Commanded) {
    this.commanded = commanded
    const folder = path.join(commanded.folder, PARTS)
    mkdirSync(folder, { recursive: true })
    this.#file = path.join(folder, `${process.pid}-${randomUUID()}.jsonl`)
    this.tell({ opened: true })
  }

  /** At once, so that it is reported whatever becomes of the build. */
  tell(line: PartLine): void {
    appendFileSync(this.#file, `${JSON.stringify(line)}\n`)
  }

  hold(credits: number): void {
    this.tell({ held: credits })
  }

  /** Credits that the other parts hold, and what was spent before all of them. */
  held(): number {
    const others = partFiles(this.commanded).filter((file) => file !== this.#file)
    const lines = others.flatMap(readPart)
    return lines.reduce((sum, line) => sum + ('held' in line ? line.held : 0), this.commanded.spent ?? 0)
  }

  tellRows(rows: readonly PlanRow[]): void {
    for (const { request, ...row } of rows) {
      this.tell({ row: { ...row, request: { imageName: request.imageName, key: request.key } } })
    }
  }
}
