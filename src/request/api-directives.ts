import { z } from 'zod'
import type { ApiDirectiveName, Directive } from './directive.ts'
import { inOneOrder, isParamValue, type ParamValue } from './param-value.ts'
import { decodePercent } from './percent.ts'

const PREFIX = 'api.'
const PARAM = /^[a-z][\w-]{0,63}$/i
/** What a text may look like that means something else than itself. */
const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:e[+-]?\d+)?$/i
const JSON_START = /^\s*["[{]/

export function isApiDirective(spelling: string): spelling is ApiDirectiveName {
  return spelling.startsWith(PREFIX)
}

/** The name that the API gives the parameter. */
export function apiParam(name: ApiDirectiveName): string {
  return name.slice(PREFIX.length)
}

export function isApiParam(param: string): boolean {
  return PARAM.test(param)
}

/** The row of a directive that is in no table. */
export function apiDirective(name: ApiDirectiveName): Directive {
  return {
    aliases: [],
    value: {
      schema: () => z.custom<ParamValue>(isParamValue).transform((value) => inOneOrder(value)),
      fromQuery: readValue,
      allowed: 'a number, a boolean, a text, or a list or an object of these',
      isFlag: true,
    },
    param: apiParam(name),
    decidesBytes: true,
    doc: 'A parameter of the API, sent as it is.',
    example: `${name}=7`,
  }
}

/** A value as a query writes it; {@link readValue} gives the same again. */
export function formatApiValue(value: ParamValue): string {
  if (typeof value === 'string') return readText(value) === value ? value : JSON.stringify(value)
  return JSON.stringify(value)
}

function readValue(raw: string | undefined): unknown {
  return raw === undefined ? true : readText(decodePercent(raw))
}

/** Numbers, booleans and JSON as such; everything else, and a number that would lose digits, is a text. */
function readText(text: string): unknown {
  if (text === 'true' || text === 'false') return text === 'true'
  if (JSON_NUMBER.test(text)) return isExact(text) ? Number(text) : text
  return JSON_START.test(text) ? readJson(text) : text
}

function isExact(text: string): boolean {
  const number = Number(text)
  return Number.isInteger(number) ? Number.isSafeInteger(number) : Number.isFinite(number)
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return text
    throw error
  }
}
