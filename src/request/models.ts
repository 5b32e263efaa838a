import type { DirectiveValues, Directives } from './directives.ts'
import { MeshyError } from '../system/errors.ts'
import { quoted } from '../system/format.ts'
import type { Request, RetiredChoice } from './request.ts'

/** What is known about a model of the service. Names that are not listed here are accepted with a warning. */
interface KnownModel {
  state: 'active' | 'deprecated' | 'retired'
  /** Day of its retirement, if known. */
  since?: string
  /** What to write instead of a retired model, if we report that ourselves before anything is sent. */
  instead?: string
  /** The family that must be requested; `standard` if absent. */
  modelType?: DirectiveValues['model_type']
  /** Upper limit of `poly`, if it is lower than 300000. */
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

/** Retired model families. */
const retiredFamilies: ReadonlyMap<string, { since: string; instead: string }> = new Map([
  ['lowpoly', { since: '2026-10-30', instead: 'model_type=smart-topology' }],
])

/** Texturing models by name; only some support several images. */
const textureModels: ReadonlyMap<string, 'single' | 'both'> = new Map([
  ['meshy-7', 'both'],
  ['meshy-n1', 'both'],
  ['meshy-6-lite', 'single'],
])

/** Whether a model is known to texture only single-image tasks. */
export function texturesOneImageOnly(name: string): boolean {
  return textureModels.get(name) === 'single'
}

/** The same as {@link modelWarning}, for the texturing model. */
function textureModelWarning(name: string): string | undefined {
  if (textureModels.has(name)) return undefined
  const known = quoted([...textureModels.keys()])
  return `Unknown texture model \`${name}\`: it is sent as it is. Known models: ${known}.`
}

/** What the author of an import should know about the model it names; `undefined` if there is nothing to say. */
function modelWarning(name: string): string | undefined {
  const model = knownModels.get(name)
  if (!model) {
    const active = [...knownModels].filter(([, { state }]) => state === 'active').map(([known]) => known)
    return `Unknown model \`${name}\`: it is sent as it is. Known models: ${quoted(active)}.`
  }
  if (model.state === 'deprecated') return `\`${name}\` is deprecated and will be retired.`
  if (model.state === 'retired') return `\`${name}\` was retired on ${model.since}: the service refuses it.`
  return undefined
}

/** What an import asks for that the service no longer makes, and that we therefore do not send. */
export function retiredChoice({ model, model_type: family }: Directives): RetiredChoice | undefined {
  const gone = family === undefined ? undefined : retiredFamilies.get(family)
  if (gone) return { written: `model_type=${family}`, ...gone }
  const { since, instead } = (model === undefined ? undefined : knownModels.get(model)) ?? {}
  return since && instead ? { written: `model=${model}`, since, instead } : undefined
}

/**
 * Refuses to generate with a retired model. A model that was generated before is still served.
 *
 * @throws {MeshyError} MESHY_DIRECTIVE_INVALID
 */
export function assertStillMade({ imageName, retired }: Pick<Request, 'imageName' | 'retired'>): void {
  if (!retired) return
  const { written, since, instead } = retired
  throw new MeshyError('MESHY_DIRECTIVE_INVALID', {
    message: `\`${written}\` of \`${imageName}\` was retired on ${since}, so the service no longer generates it; expected \`${instead}\`.`,
    hint: `Write \`${instead}\`. Models that were generated before stay pinned.`,
    details: { received: written, allowed: instead },
  })
}

type Check = (directives: Directives) => string | undefined | false

const CHECKS: readonly Check[] = [
  ({ is_a_t_pose: pose }) =>
    pose !== undefined && '`is_a_t_pose` is deprecated: write `pose=a-pose` or `pose=t-pose`.',
  ({ hd_texture: hd }) => hd !== undefined && '`hd_texture` is deprecated: write `texture_resolution=4k`.',
  ({ symmetry }) =>
    symmetry !== undefined && '`symmetry` has no effect: the service has ignored it since 2026-05-11.',
  withoutLighting,
  colorAlone,
  retiredFamily,
  ({ model }) => model !== undefined && modelWarning(model),
  ({ texture_model: model }) => model !== undefined && textureModelWarning(model),
]

/** What is accepted, but worth telling the author of an import. */
export function requestWarnings(directives: Directives): string[] {
  return CHECKS.map((check) => check(directives)).filter((warning) => typeof warning === 'string')
}

function withoutLighting({ remove_lighting: asked, model = 'latest' }: Directives): string | false {
  if (asked === undefined || model === 'meshy-6') return false
  return `\`remove_lighting\` may have no effect with \`model=${model}\`: it is known to work only with \`model=meshy-6\`.`
}

function colorAlone({ texture_model: model, pbr }: Directives): string | false {
  if (model !== 'meshy-n1' || pbr !== true) return false
  return '`pbr` may have no effect with `texture_model=meshy-n1`, which is known to make only a base color.'
}

function retiredFamily({ model_type: family = 'standard' }: Directives): string | undefined {
  const gone = retiredFamilies.get(family)
  return (
    gone &&
    `\`model_type=${family}\` was retired on ${gone.since}, so the service refuses it; write \`${gone.instead}\`.`
  )
}
