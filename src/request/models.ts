import type { DirectiveValues } from './directives.ts'

/** What is known of a model of the service. Names that are not here pass with a warning. */
export interface KnownModel {
  state: 'active' | 'deprecated' | 'retired'
  /** Day of the retirement, where it is known. */
  since?: string
  /** What to write instead of a retired one, where we say so ourselves before anything is sent. */
  instead?: string
  /** The family that has to be asked for; `standard` when absent. */
  modelType?: DirectiveValues['model_type']
  /** Upper end of `poly`, where it is lower than 300000. */
  maxPolycount?: number
}

/** Models by name, oldest first. */
export const knownModels: ReadonlyMap<string, KnownModel> = new Map<string, KnownModel>([
  ['meshy-4', { state: 'retired', since: '2026-03-20' }],
  ['meshy-5', { state: 'retired', since: '2026-10-10' }],
  [
    'meshy-t1',
    { state: 'retired', since: '2026-10-30', instead: 'model=meshy-t2.5&model_type=smart-topology' },
  ],
  ['meshy-6', { state: 'active' }],
  ['meshy-6-lite', { state: 'active' }],
  ['meshy-7', { state: 'deprecated' }],
  ['meshy-7.1', { state: 'active' }],
  ['meshy-t2', { state: 'active', modelType: 'smart-topology', maxPolycount: 15_000 }],
  ['meshy-t2.5', { state: 'active', modelType: 'smart-topology', maxPolycount: 30_000 }],
  ['latest', { state: 'active' }],
])

/** Families of models that are gone. */
export const retiredFamilies: ReadonlyMap<string, { since: string; instead: string }> = new Map([
  ['lowpoly', { since: '2026-10-30', instead: 'model_type=smart-topology' }],
])

/** Models that texture, by name; for several images only some. */
const textureModels: ReadonlyMap<string, { kinds: 'single' | 'both' }> = new Map([
  ['meshy-7', { kinds: 'both' }],
  ['meshy-n1', { kinds: 'both' }],
  ['meshy-6-lite', { kinds: 'single' }],
])

/** Whether a model is known to texture tasks of one image only. */
export function texturesOneImageOnly(name: string): boolean {
  return textureModels.get(name)?.kinds === 'single'
}

/** The same as {@link modelWarning}, for the model that textures. */
export function textureModelWarning(name: string): string | undefined {
  if (textureModels.has(name)) return undefined
  const known = [...textureModels.keys()].map((model) => `\`${model}\``).join(', ')
  return `Unknown texture model \`${name}\`: it is sent as it is. Known are ${known}.`
}

/** What the author of an import should know about the model it names; `undefined` when all is well. */
export function modelWarning(name: string): string | undefined {
  const model = knownModels.get(name)
  if (!model) {
    const active = [...knownModels]
      .filter(([, { state }]) => state === 'active')
      .map(([known]) => `\`${known}\``)
    return `Unknown model \`${name}\`: it is sent as it is. Known are ${active.join(', ')}.`
  }
  if (model.state === 'deprecated') return `\`${name}\` is deprecated: it will be retired.`
  if (model.state === 'retired') return `\`${name}\` was retired on ${model.since}: the service refuses it.`
  return undefined
}
