import { apiDirective, isApiDirective } from './api-directives.ts'
import { deriveDirectives } from './derive-directives.ts'
import type { ApiDirectiveName, Directive, DirectiveTable } from './directive.ts'
import { laterDirectives } from './later-directives.ts'
import type { ParamValue } from './param-value.ts'
import { referenceDirectives } from './reference-directives.ts'
import type { ValueType } from './values.ts'

/** Every directive, in the order of the documentation. */
export const directives = {
  ...referenceDirectives,
  ...deriveDirectives,
  ...laterDirectives,
} satisfies DirectiveTable

type Table = typeof directives
export type DirectiveName = keyof Table
/** The value of each directive, by its own name. */
export type DirectiveValues = {
  [N in DirectiveName]: Table[N]['value'] extends ValueType<infer T> ? T : never
}
/** Also the ones that hand a parameter to the API, of which no table can know. */
export type AnyDirectiveName = DirectiveName | ApiDirectiveName
/** Directives that were asked for, by their own names; nothing is filled in. `meshy` itself is gone. */
export type Directives = Partial<Omit<DirectiveValues, 'meshy'>> & { [name: ApiDirectiveName]: ParamValue }

/** Directives as people write them in options: by name or alias, `pose` also as `a` or `t`. */
export type DirectiveObject = {
  [N in Exclude<DirectiveName, 'meshy' | 'pose' | 'lods'>]?: DirectiveValues[N] | undefined
} & {
  lods?: number | number[] | undefined
  pose?: DirectiveValues['pose'] | 'a' | 't' | undefined
  [alias: string]: unknown
}

export const directiveNames = Object.keys(directives) as DirectiveName[]

const namesBySpelling: ReadonlyMap<string, DirectiveName> = new Map(
  directiveNames.flatMap((name) => [name, ...directives[name].aliases].map((spelling) => [spelling, name])),
)

/** Every spelling that is understood: names and aliases. */
export const directiveSpellings: readonly string[] = [...namesBySpelling.keys()]

/** Every name of a parameter that a directive stands for. */
const namesByParam: ReadonlyMap<string, DirectiveName> = new Map(
  directiveNames.flatMap((name) => {
    const { param }: Directive = directives[name]
    return param === undefined ? [] : [[param, name]]
  }),
)

/** The directive that a name or alias means. */
export function findDirective(spelling: string): AnyDirectiveName | undefined {
  return namesBySpelling.get(spelling) ?? (isApiDirective(spelling) ? spelling : undefined)
}

/** The directive of the table that a parameter of the API belongs to, or that has its name. */
export function directiveOfParam(param: string): DirectiveName | undefined {
  return namesByParam.get(param) ?? namesBySpelling.get(param)
}

/** A row of the table. */
export function directiveOf(name: AnyDirectiveName): Directive {
  return isApiDirective(name) ? apiDirective(name) : directives[name]
}
