import { MeshyError } from '../system/errors.ts'
import {
  directiveOf,
  findDirective,
  directiveNames,
  directiveOfParam,
  directiveSpellings,
  apiParam,
  isApiDirective,
  isApiParam,
  type AnyDirectiveName,
} from './directives.ts'
import type { ApiDirectiveName } from './directive.ts'
import { nearestName } from '../system/nearest-name.ts'
import { taskKinds } from './task-kinds.ts'

const SHOWN_CHARACTERS = 80
/** The ways in which a query turns a flag off. */
const NEGATIONS = directiveNames.filter((name) => directiveOf(name).value.isFlag).map((name) => `no-${name}`)

/** A value as its author wrote it, for messages. */
interface WrittenValue {
  /** The name as written: an alias remains an alias. */
  spelling: string
  /** The value in JSON terms; `undefined` if there is none. */
  value: unknown
  /** Where it was written, if not in an import: `` `defaults` ``. */
  where?: string | undefined
}

/**
 * Checks one value of a directive and normalizes it.
 *
 * @throws {MeshyError} MESHY_DIRECTIVE_INVALID with what was received and what is allowed
 */
export function checkValue(name: AnyDirectiveName, written: WrittenValue): unknown {
  const { value, example } = directiveOf(name)
  const result = value.schema().safeParse(written.value)
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
 * @throws {MeshyError} MESHY_DIRECTIVE_UNKNOWN naming the nearest one; MESHY_DIRECTIVE_INVALID for a parameter that
 * must not be passed to the API as it is
 */
export function requireDirective(spelling: string, where?: string): AnyDirectiveName {
  const name = findDirective(spelling)
  if (name && isApiDirective(name)) assertFreeParam(name, where)
  if (name) return name
  const nearest = nearestName(spelling, where ? directiveSpellings : [...directiveSpellings, ...NEGATIONS])
  throw new MeshyError('MESHY_DIRECTIVE_UNKNOWN', {
    message: `Unknown directive \`${shorten(spelling)}\`${place(where)}.`,
    hint: nearest
      ? `Did you mean \`${nearest}\`?`
      : 'The README lists every directive. Write a newer API parameter as `api.<name>=<value>`.',
    details: { directive: spelling, nearest },
  })
}

/** The parameters of a task that the plugin itself decides, and how. */
const OWN_PARAMS: ReadonlyMap<string, string> = new Map([
  ...Object.values(taskKinds).map(({ imageParam, isList }): [string, string] => [
    imageParam,
    isList ? 'they are the imported image and its `views`' : 'it is the imported image',
  ]),
  ['input_task_id', 'the imported image is what is sent'],
  ['name', 'it carries the key of the request'],
])

function assertFreeParam(name: ApiDirectiveName, where: string | undefined): void {
  const param = apiParam(name)
  const known = directiveOfParam(param)
  const own = OWN_PARAMS.get(param)
  if (own === undefined && known === undefined && isApiParam(param)) return
  const problem =
    own ?? (known ? `it is the directive \`${known}\`` : 'expected letters, digits and `_` after `api.`')
  throw new MeshyError('MESHY_DIRECTIVE_INVALID', {
    message: `\`${shorten(name)}\`${place(where)} cannot be set: ${problem}.`,
    hint: own === undefined && known ? `Write \`${known}\`.` : `Remove \`${shorten(name)}\`.`,
    details: { directive: name, nearest: known },
  })
}

export function duplicateDirective(first: string, second: string, where?: string): MeshyError {
  const both =
    first === second ? `\`${first}\` is given twice` : `\`${first}\` and \`${second}\` mean the same`
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
