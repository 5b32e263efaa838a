import { apiDirective, isApiDirective } from './api-directives.ts'
import type { AnyDirectiveName, Directive, DirectiveName, DirectiveTable } from './directive-types.ts'
import { deriveDirectives } from './derive-directives.ts'
import { laterDirectives } from './later-directives.ts'
import { referenceDirectives } from './reference-directives.ts'

/** Every directive, in the order of the documentation. */
export const directives = {
  ...referenceDirectives,
  ...deriveDirectives,
  ...laterDirectives,
} satisfies Record<DirectiveName, Directive> & DirectiveTable

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
