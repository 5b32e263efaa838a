import { badRequest } from './api-error.ts'
import { isInteger, isOneOf } from './checks.ts'
import type { Check } from './checks.ts'
import type { Profile } from './options.ts'
import type { TaskKind } from '../request/task-kinds.ts'

const MODELS: Record<Profile, Record<TaskKind, readonly string[]>> = {
  reference: {
    'image-to-3d': ['meshy-4', 'meshy-5', 'latest'],
    'multi-image-to-3d': ['meshy-5', 'latest'],
  },
  current: {
    'image-to-3d': ['meshy-6-lite', 'meshy-6', 'meshy-7', 'meshy-7.1', 'latest', 'meshy-t2', 'meshy-t2.5'],
    'multi-image-to-3d': ['meshy-6-lite', 'meshy-6', 'meshy-7', 'meshy-7.1', 'latest'],
  },
}

const RETIRED: ReadonlySet<string> = new Set(['meshy-4', 'meshy-5', 'meshy-t1'])

/** Models that build their own topology, with the most polygons that they make. */
const SMART_TOPOLOGY: Record<string, number> = { 'meshy-t2': 15_000, 'meshy-t2.5': 30_000 }

/** What `latest` is, and what is taken where a family is asked for without a model. */
const PICKED: Record<string, string> = { standard: 'meshy-7.1', 'smart-topology': 'meshy-t2' }

/** The model that makes a task: the one that is named, or the one that the service picks. */
export function modelInCharge(profile: Profile, body: Record<string, unknown>): string {
  const named = typeof body.ai_model === 'string' ? body.ai_model : 'latest'
  if (named !== 'latest' || profile === 'reference') return named
  return PICKED[String(body.model_type ?? 'standard')] ?? named
}

/** Families of models; one that is retired is said to be. */
export const isFamily: Check = (name, value) => {
  if (value === 'lowpoly') throw badRequest(`${name} lowpoly is retired and no longer available`)
  isOneOf('standard', 'smart-topology')(name, value)
}

/** Throws 400 for a model that does not exist, is retired, or does not fit the other parameters. */
export function checkModel(profile: Profile, kind: TaskKind, body: Record<string, unknown>): void {
  const model = body.ai_model ?? 'latest'
  if (profile === 'current' && RETIRED.has(String(model))) {
    throw badRequest(`ai_model ${String(model)} is retired and no longer available`)
  }
  isOneOf(...MODELS[profile][kind])('ai_model', model)
  if (profile === 'current') checkLaterRules(String(model), body)
}

function checkLaterRules(model: string, body: Record<string, unknown>): void {
  if (body.enable_pbr === true && body.should_texture === false) {
    throw badRequest('enable_pbr requires should_texture to be true')
  }
  const most = SMART_TOPOLOGY[model]
  if (most === undefined) return
  if (body.model_type !== 'smart-topology') {
    throw badRequest(`ai_model ${model} requires model_type to be "smart-topology"`)
  }
  if (typeof body.target_polycount === 'number')
    isInteger(100, most)('target_polycount', body.target_polycount)
}
