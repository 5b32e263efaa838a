import { MeshyError } from '../errors.ts'
import { nearestName } from '../system/nearest-name.ts'
import {
  directiveNames,
  directiveOf,
  directiveSpellings,
  findDirective,
  type DirectiveName,
} from './directives.ts'

const SHOWN_CHARACTERS = 80
/** How a query turns a flag off. */
const NEGATIONS = directiveNames.filter((name) => directiveOf(name).value.isFlag).map((name) => `no-${name}`)

/** A value as its author wrote it, for messages. */
export interface WrittenValue {
  /** The name as written: an alias stays an alias. */
  spelling: string
  /** The value in JSON terms; `undefined` when there is none. */
  value: unknown
  /** Where it was written, when not in an import: `` `defaults` ``. */
  where?: string | undefined
}

/**
 * Checks one value of a directive and brings it into its normal form.
 *
 * @throws {MeshyError} MESHY_DIRECTIVE_INVALID with what was received and what is allowed
 */
export function checkValue(name: DirectiveName, written: WrittenValue): unknown {
  const { value, example } = directiveOf(name)
  const result = value.schema.safeParse(written.value)
  if (result.success) return result.data
  const { spelling, where } = written
  throw new MeshyError('MESHY_DIRECTIVE_INVALID', {
    message: `\`${spelling}\`${place(where)} ${show(written.value)}; expected ${value.allowed}.`,
    hint: where ? `Fix \`${spelling}\` in ${where}.` : `Write it like \`${example}\`.`,
    details: { directive: name, received: written.value, allowed: value.allowed },
  })
}

/**
 * The directive that a name means.
 *
 * @throws {MeshyError} MESHY_DIRECTIVE_UNKNOWN naming the nearest one
 */
export function requireDirective(spelling: string, where?: string): DirectiveName {
  const name = findDirective(spelling)
  if (name) return name
  const nearest = nearestName(spelling, where ? directiveSpellings : [...directiveSpellings, ...NEGATIONS])
  throw new MeshyError('MESHY_DIRECTIVE_UNKNOWN', {
    message: `Unknown directive \`${shorten(spelling)}\`${place(where)}.`,
    hint: nearest ? `Did you mean \`${nearest}\`?` : 'The README lists every directive.',
    details: { directive: spelling, nearest },
  })
}

/**
 * Refuses a directive that is given twice, also under two of its names: which one wins would be a guess.
 *
 * @throws {MeshyError} MESHY_DIRECTIVE_CONFLICT
 */
export function duplicateDirective(first: string, second: string, where?: string): MeshyError {
  const both =
    first === second ? `\`${first}\` is given twice` : `\`${first}\` and \`${second}\` say the same`
  return new MeshyError('MESHY_DIRECTIVE_CONFLICT', {
    message: `${both}${place(where)}; expected it once.`,
    hint: 'Remove one of the two.',
    details: { directives: [first, second] },
  })
}

function place(where: string | undefined): string {
  return where ? ` in ${where}` : ''
}

function show(value: unknown): string {
  if (value === undefined) return 'has no value'
  if (typeof value !== 'string') return `is \`${shorten(JSON.stringify(value) ?? String(value))}\``
  const length = [...value].length
  return `is \`${shorten(value)}\`${length > SHOWN_CHARACTERS ? ` (${length} characters)` : ''}`
}

function shorten(text: string): string {
  const characters = [...text]
  return characters.length > SHOWN_CHARACTERS ? `${characters.slice(0, SHOWN_CHARACTERS).join('')}…` : text
}
