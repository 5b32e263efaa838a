import { z } from 'zod'
import { parseJson } from '../system/json.ts'
import { deriveDirectives } from './derive-directives.ts'
import {
  type ApiDirectiveName,
  type Directive,
  type DirectiveTable,
  type ValueType,
  decodePercent,
} from './directive.ts'
import { laterDirectives, referenceDirectives } from './request-directives.ts'
import { type ParamValue, inOneOrder, isParamValue } from './param-value.ts'

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
/** Includes directives that pass a parameter to the API, which no table can list. */
export type AnyDirectiveName = DirectiveName | ApiDirectiveName
/** The given directives, by their own names, without defaults. `meshy` itself is removed. */
export type Directives = Partial<Omit<DirectiveValues, 'meshy'>> & Record<ApiDirectiveName, ParamValue>

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
  directiveNames.flatMap((name) => {
    const { aliases = [] }: Directive = directives[name]
    return [name, ...aliases].map((spelling) => [spelling, name] as const)
  }),
)

/** Every accepted spelling: names and aliases. */
export const directiveSpellings: readonly string[] = [...namesBySpelling.keys()]

/** The names of all parameters that a directive stands for. */
const namesByParam: ReadonlyMap<string, DirectiveName> = new Map(
  directiveNames.flatMap((name) => {
    const { param }: Directive = directives[name]
    return param === undefined ? [] : [[param, name]]
  }),
)

/** The directive that a name or alias refers to. */
export function findDirective(spelling: string): AnyDirectiveName | undefined {
  return namesBySpelling.get(spelling) ?? (isApiDirective(spelling) ? spelling : undefined)
}

/** The directive of the table that an API parameter belongs to, or that has its name. */
export function directiveOfParam(param: string): DirectiveName | undefined {
  return namesByParam.get(param) ?? namesBySpelling.get(param)
}

/** A row of the table. */
export function directiveOf(name: AnyDirectiveName): Directive {
  return isApiDirective(name) ? apiDirective(name) : directives[name]
}

const PREFIX = 'api.'
const PARAM = /^[a-z][\w-]{0,63}$/i
/** Texts that stand for a value of another type. */
const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:e[+-]?\d+)?$/i
const JSON_START = /^\s*["[{]/

export function isApiDirective(spelling: string): spelling is ApiDirectiveName {
  return spelling.startsWith(PREFIX)
}

/** The name of the parameter at the API. */
export function apiParam(name: ApiDirectiveName): string {
  return name.slice(PREFIX.length)
}

export function isApiParam(param: string): boolean {
  return PARAM.test(param)
}

/** The row of a directive that is not in the table. */
function apiDirective(name: ApiDirectiveName): Directive {
  return {
    value: {
      schema: () => z.custom<ParamValue>(isParamValue).transform((value) => inOneOrder(value)),
      fromQuery: readValue,
      allowed: 'a number, a boolean, a text, or a list or an object of these',
      isFlag: true,
    },
    param: apiParam(name),
    doc: 'An API parameter, sent as it is.',
    example: `${name}=7`,
  }
}

/** A value as written in a query; {@link readValue} returns the same value again. */
export function formatApiValue(value: ParamValue): string {
  if (typeof value === 'string') return readText(value) === value ? value : JSON.stringify(value)
  return JSON.stringify(value)
}

function readValue(raw: string | undefined): unknown {
  return raw === undefined ? true : readText(decodePercent(raw))
}

/**
 * Numbers, booleans and JSON become values of these types; everything else is a text, including a number that would
 * lose digits.
 */
function readText(text: string): unknown {
  if (text === 'true' || text === 'false') return text === 'true'
  if (JSON_NUMBER.test(text)) return isExact(text) ? Number(text) : text
  return JSON_START.test(text) ? (parseJson(text) ?? text) : text
}

function isExact(text: string): boolean {
  const number = Number(text)
  return Number.isInteger(number) ? Number.isSafeInteger(number) : Number.isFinite(number)
}
