import type { InspectedModel } from '../model.ts'
import { formatDirective, formatSite } from './format.ts'

/** Which models a person wants to see, and in which order. */
export interface Choice {
  text: string
  state: InspectedModel['state'] | 'all'
  sort: SortName
}

export const SORTS = {
  name: (a: InspectedModel, b: InspectedModel) => a.image.localeCompare(b.image, 'en'),
  state: (a: InspectedModel, b: InspectedModel) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state),
  bytes: (a: InspectedModel, b: InspectedModel) => (b.metadata?.bytes ?? 0) - (a.metadata?.bytes ?? 0),
  triangles: (a: InspectedModel, b: InspectedModel) =>
    (b.metadata?.triangles ?? 0) - (a.metadata?.triangles ?? 0),
  credits: (a: InspectedModel, b: InspectedModel) => b.credits - a.credits,
}
export type SortName = keyof typeof SORTS

/** What needs somebody comes first. */
const ORDER: readonly InspectedModel['state'][] = ['failed', 'preview', 'pending', 'ready']

export function choose(models: readonly InspectedModel[], { text, state, sort }: Choice): InspectedModel[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  return models
    .filter((model) => state === 'all' || model.state === state)
    .filter((model) => words.every((word) => textOf(model).includes(word)))
    .toSorted(SORTS[sort])
}

function textOf({ image, importers, directives, id, state }: InspectedModel): string {
  const queries = Object.entries(directives).map(([name, value]) => formatDirective(name, value))
  return [image, id, state, ...importers.map(formatSite), ...queries].join(' ').toLowerCase()
}
