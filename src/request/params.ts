import { directiveNames, directiveOf, type AnyDirectiveName, type Directives } from './directives.ts'
import type { Params, ParamValue } from './param-value.ts'

/** What is always sent, because the service's own defaults change. */
const SPELLED_OUT: Params = {
  ai_model: 'latest',
  topology: 'triangle',
  target_polycount: 30_000,
  symmetry_mode: 'auto',
  should_remesh: true,
  save_pre_remeshed_model: false,
  should_texture: true,
  enable_pbr: false,
  pose_mode: '',
  moderation: false,
}

/**
 * The API parameters for effective directives: all that we rely on, spelled out, and the later ones that were
 * requested. Parameters that another one makes meaningless are left out. Images are separate.
 */
export function createParams(directives: Directives): Params {
  const asked = askedParams(directives)
  const params: Params = { ...SPELLED_OUT, ...asked }
  for (const name of meaninglessParams(params)) {
    if (!(name in asked)) delete params[name]
  }
  if (params['should_texture'] === false) delete params['enable_pbr']
  // `latest` does not belong to that family: the service picks a model if none is named.
  if (params['model_type'] === 'smart-topology' && params['ai_model'] === 'latest') delete params['ai_model']
  return params
}

/** The parameters that decide the bytes. */
export function decidingParams(params: Params): Params {
  const aside = new Set(
    directiveNames.filter((name) => !directiveOf(name).decidesBytes).map((name) => directiveOf(name).param),
  )
  return Object.fromEntries(Object.entries(params).filter(([name]) => !aside.has(name)))
}

function askedParams(directives: Directives): Params {
  const params: Params = {}
  for (const [name, value] of Object.entries(directives)) {
    const { param, holdsImages } = directiveOf(name as AnyDirectiveName)
    // The schemas of the table allow nothing else.
    if (param && !holdsImages) params[param] = value as ParamValue
  }
  return params
}

function meaninglessParams(params: Params): string[] {
  const names: string[] = []
  if (params['should_remesh'] === false) names.push('topology', 'target_polycount', 'save_pre_remeshed_model')
  if (params['decimation_mode'] !== undefined) names.push('target_polycount')
  if (params['is_a_t_pose'] === true) names.push('pose_mode')
  if ((params['model_type'] ?? 'standard') !== 'standard') {
    names.push('topology', 'target_polycount', 'should_remesh', 'save_pre_remeshed_model')
  }
  return names
}
