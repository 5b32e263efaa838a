import type { TaskKind } from './task-kinds.ts'
import { z } from 'zod'
import { quoted } from '../system/format.ts'
import { once } from '../system/once.ts'

/** One row of the table: the only place where a directive is described. Its TypeScript type is that of `value`. */
export interface Directive<T = unknown> {
  /** Other names of the same directive. */
  aliases?: readonly string[]
  value: ValueType<T>
  /** The API parameter that carries the value. */
  param?: string
  /** Whether the parameter leaves the bytes of the model as they are, so that it is not part of the key. */
  isAside?: true
  /** The value names images, which are sent separately from the other parameters. */
  holdsImages?: true
  /** The field of a derivation that carries the value: the model is changed on this machine. */
  derives?: string
  /** The only task kind that supports it, if not all do. */
  only?: TaskKind
  /** One sentence for readers, in Markdown. */
  doc: string
  example: string
}

export type DirectiveTable = Readonly<Record<string, Directive>>

/** The name of a directive that passes an unknown parameter to the API. */
export type ApiDirectiveName = `api.${string}`

/** The allowed values of a directive, and how they are written. */
export interface ValueType<T> {
  /** Validates a JSON value from a recipe, an option or {@link fromQuery}. Created when it is first needed. */
  schema(): z.ZodType<T>
  /** The JSON value that the raw text after `=` means; `undefined` if there is no `=`. */
  fromQuery(raw: string | undefined): unknown
  /** The values for readers, in Markdown. */
  allowed: string
  /** Whether `no-<name>` means false. */
  isFlag?: true
}

/** On or off: `pbr`, `pbr=true|1|on`, `pbr=false|0|off`, `no-pbr`. */
export function flag(): ValueType<boolean> {
  return { schema: once(() => z.boolean()), fromQuery: readFlag, allowed: 'boolean', isFlag: true }
}

/** An integer; without `max` there is no upper limit. */
export function integer({ min, max }: { min: number; max?: number }): ValueType<number> {
  return {
    schema: once(() => {
      const atLeast = z.int().min(min)
      return max === undefined ? atLeast : atLeast.max(max)
    }),
    fromQuery: (raw) => (raw !== undefined && /^\d+$/.test(raw) ? Number(raw) : raw),
    allowed: max === undefined ? `integer ≥ ${min}` : `${min}–${max}`,
  }
}

/** An integer, or a word that stands for a computed one. */
export function integerOr<const T extends string>(
  word: T,
  range: { min: number; max: number },
): ValueType<number | T> {
  const number = integer(range)
  return {
    ...number,
    schema: once(() => z.union([number.schema(), z.literal(word)])),
    allowed: `${number.allowed}, \`${word}\``,
  }
}

const DECIMAL = /^(?:\d+\.?\d*|\.\d+)$/

/** A number, with or without decimals. */
export function decimal({ min, max }: { min: number; max: number }): ValueType<number> {
  return {
    schema: once(() => z.number().min(min).max(max)),
    fromQuery: readDecimal,
    allowed: `${min}–${max}`,
  }
}

/**
 * Decreasing fractions of a whole: either as a list (`0.5,0.2`), or as their number including the whole itself, each
 * being `step` of the one before.
 */
export function parts({ most, step }: { most: number; step: number }): ValueType<number[]> {
  return {
    schema: once(() => partsSchema(most, step)),
    fromQuery: (raw) => {
      const numbers = raw?.split(',').map(readDecimal)
      const [only] = numbers ?? []
      return numbers?.length === 1 && typeof only === 'number' && only > 1 ? only : numbers
    },
    allowed: `2–${most}, or decreasing fractions such as \`0.5,0.2\``,
  }
}

function partsSchema(most: number, step: number): z.ZodType<number[]> {
  const count = z.int().min(2).max(most)
  const list = z
    .array(z.number().min(0.001).max(0.999))
    .min(1)
    .max(most - 1)
    .refine((ratios) => ratios.every((ratio, index) => index === 0 || ratio < (ratios[index - 1] ?? 0)))
  return z
    .union([count, list])
    .transform((value) =>
      typeof value === 'number'
        ? Array.from({ length: value - 1 }, (_, index) => step ** (index + 1))
        : value,
    )
}

/** One of a few words. `short` maps other spellings to them. */
export function oneOf<const T extends string>(
  values: readonly [T, ...T[]],
  short: Readonly<Record<string, T>> = {},
): ValueType<T> {
  const spellings = Object.keys(short)
  return {
    schema: once(() => z.enum([...values, ...spellings]).transform((word) => short[word] ?? (word as T))),
    fromQuery: decodeText,
    allowed:
      quoted(
        values.filter((value) => value !== ''),
        ' ',
      ) + (spellings.length > 0 ? ` (${quoted(spellings, ' ')})` : ''),
  }
}

/** Free text of at least one and at most `max` characters, counted as code points. */
export function text({ max, allowed }: { max: number; allowed?: string }): ValueType<string> {
  return {
    schema: once(() =>
      z
        .string()
        .min(1)
        .refine((value) => [...value].length <= max)
        .meta({ maxLength: max }),
    ),
    fromQuery: decodeText,
    allowed: allowed ?? `up to ${max} characters`,
  }
}

/** Some of a few words, comma-separated; order and repetition have no meaning. */
export function someOf<const T extends string>(values: readonly [T, ...T[]]): ValueType<T[]> {
  return {
    schema: once(() =>
      z
        .array(z.enum(values))
        .min(1)
        .transform((words) => values.filter((value) => words.includes(value))),
    ),
    fromQuery: readList,
    allowed: `any of ${quoted(values, ' ')}`,
  }
}

/** Several texts in order, comma-separated; a comma inside a text is written `%2C`. */
export function listOf({ max, allowed }: { max: number; allowed: string }): ValueType<string[]> {
  return {
    schema: once(() => z.array(z.string().min(1)).min(1).max(max)),
    fromQuery: readList,
    allowed,
  }
}

function readFlag(raw: string | undefined): unknown {
  // `pbr=` is how URLSearchParams and glob queries write a bare `pbr`.
  if (raw === undefined || ['', 'true', '1', 'on'].includes(raw)) return true
  return ['false', '0', 'off'].includes(raw) ? false : decodePercent(raw)
}

function readDecimal(raw: string | undefined): unknown {
  return raw !== undefined && DECIMAL.test(raw) ? Number(raw) : raw
}

function decodeText(raw: string | undefined): string | undefined {
  return raw === undefined ? undefined : decodePercent(raw)
}

function readList(raw: string | undefined): string[] | undefined {
  return raw?.split(',').map((item) => decodePercent(item).trim())
}

// One to four escapes that together look like one UTF-8 character.
const ESCAPES =
  /%[0-7][0-9a-f]|%[cd][0-9a-f]%[89ab][0-9a-f]|%e[0-9a-f](?:%[89ab][0-9a-f]){2}|%f[0-7](?:%[89ab][0-9a-f]){3}/gi

/**
 * Decodes the valid UTF-8 escapes of a query and leaves everything else unchanged: people write `prompt=100% wool`, and
 * a `+` is a plus.
 */
export function decodePercent(text: string): string {
  return text.replace(ESCAPES, decodeCharacter)
}

function decodeCharacter(escape: string): string {
  try {
    return decodeURIComponent(escape)
  } catch (error) {
    // Overlong forms and lone surrogates look like escapes, but are not.
    if (error instanceof URIError) return escape
    throw error
  }
}
