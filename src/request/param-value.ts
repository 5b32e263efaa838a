/** JSON. The directives in the table only use texts, numbers, booleans and lists of texts. */
export type ParamValue = string | number | boolean | JsonValue[] | { [field: string]: JsonValue }
type JsonValue = ParamValue | null
/** API parameters by their names there; images are kept separately. */
export type Params = Record<string, ParamValue>

/** Deeper than any real parameter. */
const MAX_DEPTH = 16

/** Whether a value can be sent as a parameter: JSON, not nested too deeply, with `null` only inside another value. */
export function isParamValue(value: unknown): value is ParamValue {
  return value !== null && isJson(value, MAX_DEPTH)
}

/** The same value with the fields of its objects in a fixed order, so that no key depends on how they were written. */
export function inOneOrder(value: ParamValue): ParamValue
export function inOneOrder(value: unknown): unknown
export function inOneOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => inOneOrder(item))
  if (typeof value !== 'object' || value === null) return value
  const fields = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(fields.map(([name, field]) => [name, inOneOrder(field)]))
}

function isJson(value: unknown, depth: number): boolean {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true
  if (typeof value === 'number') return Number.isFinite(value)
  if (depth === 0 || !isPlain(value)) return false
  return Object.values(value).every((item) => isJson(item, depth - 1))
}

function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  return Array.isArray(value) || [Object.prototype, null].includes(Object.getPrototypeOf(value))
}
