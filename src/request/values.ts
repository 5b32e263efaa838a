import { z } from 'zod'
import { decodePercent } from './percent.ts'

/** What a directive's value may be, and how it is written. */
export interface ValueType<T> {
  /** Checks a JSON value, of a recipe, an option or what {@link fromQuery} gave. */
  schema: z.ZodType<T>
  /** The JSON value that the raw text after `=` means; `undefined` when there is no `=`. */
  fromQuery(raw: string | undefined): unknown
  /** The values for readers, in Markdown. */
  allowed: string
  /** Whether `no-<name>` means false. */
  isFlag: boolean
}

/** On or off: `pbr`, `pbr=true|1|on`, `pbr=false|0|off`, `no-pbr`. */
export function flag(): ValueType<boolean> {
  return { schema: z.boolean(), fromQuery: readFlag, allowed: 'boolean', isFlag: true }
}

/** A whole number; without `max` it is open upwards. */
export function integer({ min, max }: { min: number; max?: number }): ValueType<number> {
  const atLeast = z.int().min(min)
  return {
    schema: max === undefined ? atLeast : atLeast.max(max),
    fromQuery: (raw) => (raw !== undefined && /^\d+$/.test(raw) ? Number(raw) : raw),
    allowed: max === undefined ? `integer ≥ ${min}` : `${min}–${max}`,
    isFlag: false,
  }
}

/** One of a few words. `short` maps other spellings to them. */
export function oneOf<const T extends string>(
  values: readonly [T, ...T[]],
  short: Readonly<Record<string, T>> = {},
): ValueType<T> {
  const spellings = Object.keys(short)
  const schema = z.enum([...values, ...spellings])
  return {
    schema: schema.transform((word) => short[word] ?? (word as T)),
    fromQuery: decodeText,
    allowed:
      quoted(values.filter((value) => value !== '')) +
      (spellings.length > 0 ? ` (${quoted(spellings)})` : ''),
    isFlag: false,
  }
}

/** Free text of at least one and at most `max` characters, counted as code points. */
export function text({ max, allowed }: { max: number; allowed?: string }): ValueType<string> {
  return {
    schema: z
      .string()
      .min(1)
      .refine((value) => [...value].length <= max)
      .meta({ maxLength: max }),
    fromQuery: decodeText,
    allowed: allowed ?? `up to ${max} characters`,
    isFlag: false,
  }
}

/** Some of a few words, comma-separated; order and repetition mean nothing. */
export function someOf<const T extends string>(values: readonly [T, ...T[]]): ValueType<T[]> {
  return {
    schema: z
      .array(z.enum(values))
      .min(1)
      .transform((words) => values.filter((value) => words.includes(value))),
    fromQuery: readList,
    allowed: `of ${quoted(values)}`,
    isFlag: false,
  }
}

/** Several texts in order, comma-separated; a comma inside of one is written `%2C`. */
export function listOf({ max, allowed }: { max: number; allowed: string }): ValueType<string[]> {
  return { schema: z.array(z.string().min(1)).min(1).max(max), fromQuery: readList, allowed, isFlag: false }
}

function readFlag(raw: string | undefined): unknown {
  // `pbr=` is what URLSearchParams and glob queries make of a bare `pbr`.
  if (raw === undefined || ['', 'true', '1', 'on'].includes(raw)) return true
  return ['false', '0', 'off'].includes(raw) ? false : decodePercent(raw)
}

function decodeText(raw: string | undefined): string | undefined {
  return raw === undefined ? undefined : decodePercent(raw)
}

function readList(raw: string | undefined): string[] | undefined {
  return raw?.split(',').map((item) => decodePercent(item).trim())
}

function quoted(words: readonly string[]): string {
  return words.map((word) => `\`${word}\``).join(' ')
}
