import type { ParamValue } from '../../request/param-value.ts'
import { type Directives, formatApiValue, isApiDirective } from '../../request/directives.ts'

/** The query of an import with these directives, as one would write it: `?meshy&pbr&poly=5000`. */
export function formatQuery(directives: Directives): string {
  const items = Object.entries(directives).flatMap(([name, value]) => formatItem(name, value))
  return `?${['meshy', ...items].join('&')}`
}

function formatItem(name: string, value: unknown): string[] {
  if (value === undefined) return []
  if (value === true) return [name]
  if (value === false) return [`no-${name}`]
  if (isApiDirective(name)) return [`${name}=${encode(formatApiValue(value as ParamValue))}`]
  return [`${name}=${(Array.isArray(value) ? value : [value]).map((part) => encode(String(part))).join(',')}`]
}

/** Only what would end the value, or the string around it. */
function encode(text: string): string {
  return text.replace(/[%&#'"`\\*\n\r]/g, (sign) =>
    encodeURIComponent(sign).replace("'", '%27').replace('*', '%2A'),
  )
}
