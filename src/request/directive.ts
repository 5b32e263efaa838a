import type { TaskKind } from './task-kinds.ts'
import type { ValueType } from './values.ts'

/** One row of the table: the only place where a directive is described. Its TypeScript type is that of `value`. */
export interface Directive<T = unknown> {
  /** Other names of the same directive. */
  aliases: readonly string[]
  value: ValueType<T>
  /** The API parameter that carries the value. */
  param?: string
  /** The value names images, which are sent separately from the other parameters. */
  holdsImages?: true
  /** The field of a derivation that carries the value: the model is changed on this machine. */
  derives?: string
  /** The only task kind that supports it, if not all do. */
  only?: TaskKind
  /** Whether it decides the bytes, and is therefore part of the key. */
  decidesBytes: boolean
  /** One sentence for readers, in Markdown. */
  doc: string
  example: string
}

export type DirectiveTable = Readonly<Record<string, Directive>>

/** The name of a directive that passes an unknown parameter to the API. */
export type ApiDirectiveName = `api.${string}`
