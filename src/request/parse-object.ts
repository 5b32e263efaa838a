import { MeshyError } from '../system/errors.ts'
import { checkValue, duplicateDirective, requireDirective } from './check-value.ts'
import type { Directives } from './directives.ts'

/**
 * Reads directives from a JavaScript or JSON object, `{ poly: 3000, pbr: true }`; aliases are understood.
 *
 * @param where Names the object in messages: `` `presets.prop` ``.
 * @throws {MeshyError} MESHY_DIRECTIVE_UNKNOWN, MESHY_DIRECTIVE_INVALID or MESHY_DIRECTIVE_CONFLICT
 */
export function parseDirectiveObject(object: unknown, where: string): Directives {
  const directives: Record<string, unknown> = {}
  const spellings = new Map<string, string>()
  for (const [spelling, value] of entriesOf(object, where)) {
    const name = requireDirective(spelling, where)
    if (name === 'meshy') throw needlessMark(where)
    const earlier = spellings.get(name)
    if (earlier !== undefined) throw duplicateDirective(earlier, spelling, where)
    spellings.set(name, spelling)
    directives[name] = checkValue(name, { spelling, value, where })
  }
  // The table's schemas have checked every value.
  return directives as Directives
}

function entriesOf(object: unknown, where: string): [string, unknown][] {
  if (typeof object === 'object' && object !== null && !Array.isArray(object)) {
    return Object.entries(object).filter(([, value]) => value !== undefined)
  }
  throw new MeshyError('MESHY_DIRECTIVE_INVALID', {
    message: `${where} is \`${JSON.stringify(object) ?? String(object)}\`; expected an object of directives.`,
    hint: 'Write it like `{ poly: 3000, pbr: true }`.',
  })
}

function needlessMark(where: string): MeshyError {
  return new MeshyError('MESHY_DIRECTIVE_INVALID', {
    message: `\`meshy\` stands in ${where}; expected it in the query of an import only.`,
    hint: 'Remove it there.',
  })
}
