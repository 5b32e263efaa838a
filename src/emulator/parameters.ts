import { badRequest } from './wire.ts'
import type { Profile } from './options.ts'
import { TARGET_FORMATS } from '../request/file-formats.ts'
import type { TaskKind } from '../request/task-kinds.ts'

/** Refuses a value of a parameter with 400, or accepts it. */
type Check = (name: string, value: unknown) => void

const isBoolean: Check = (name, value) => {
  if (typeof value !== 'boolean') throw badRequest(`${name} must be a boolean`)
}

const isText: Check = (name, value) => {
  if (typeof value !== 'string') throw badRequest(`${name} must be a string`)
}

/** A string of at most this many characters, by code points. */
function isTextUpTo(limit: number): Check {
  return (name, value) => {
    isText(name, value)
    if ([...String(value)].length > limit) throw badRequest(`${name} must be at most ${limit} characters`)
  }
}

/** An integer, both ends included. */
function isInteger(min: number, max: number): Check {
  return (name, value) => {
    if (typeof value !== 'number' || !Number.isInteger(value)) throw badRequest(`${name} must be an integer`)
    if (value < min || value > max) throw badRequest(`${name} must be between ${min} and ${max}`)
  }
}

function isOneOf(...values: string[]): Check {
  return (name, value) => {
    isText(name, value)
    if (!values.includes(String(value)))
      throw badRequest(`${name} must be one of ${values.map((one) => `"${one}"`).join(', ')}`)
  }
}

function isListOf(...values: string[]): Check {
  const isItem = isOneOf(...values)
  return (name, value) => {
    if (!Array.isArray(value)) throw badRequest(`${name} must be an array of strings`)
    for (const item of value) isItem(name, item)
  }
}

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

/** What `latest` is, and what is used if a family is requested without a model. */
const PICKED: Record<string, string> = { standard: 'meshy-7.1', 'smart-topology': 'meshy-t2' }

/** The model that processes a task: the one that is named, or the one that the service picks. */
export function modelInCharge(profile: Profile, body: Record<string, unknown>): string {
  const named = typeof body.ai_model === 'string' ? body.ai_model : 'latest'
  if (named !== 'latest' || profile === 'reference') return named
  return PICKED[String(body.model_type ?? 'standard')] ?? named
}

/** Model families; a retired one is reported as retired. */
const isFamily: Check = (name, value) => {
  if (value === 'lowpoly') throw badRequest(`${name} lowpoly is retired and no longer available`)
  isOneOf('standard', 'smart-topology')(name, value)
}

/** Throws 400 for a model that does not exist, is retired, or does not fit the other parameters. */
function checkModel(profile: Profile, kind: TaskKind, body: Record<string, unknown>): void {
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

type Checks = Record<string, Check>

/** What the reference says about each parameter; images and `ai_model` are checked separately. */
const REFERENCE: Checks = {
  topology: isOneOf('quad', 'triangle'),
  target_polycount: isInteger(100, 300_000),
  symmetry_mode: isOneOf('off', 'auto', 'on'),
  should_remesh: isBoolean,
  save_pre_remeshed_model: isBoolean,
  should_texture: isBoolean,
  enable_pbr: isBoolean,
  pose_mode: isOneOf('a-pose', 't-pose', ''),
  is_a_t_pose: isBoolean,
  texture_prompt: isTextUpTo(600),
  texture_image_url: isText,
  moderation: isBoolean,
}

/** What came later, for every kind. */
const LATER: Checks = {
  name: isText,
  decimation_mode: isInteger(1, 4),
  hd_texture: isBoolean,
  texture_resolution: isOneOf('2k', '4k', '8k'),
  image_enhancement: isBoolean,
  remove_lighting: isBoolean,
  target_formats: isListOf(...TARGET_FORMATS),
  auto_size: isBoolean,
  origin_at: isOneOf('bottom', 'center'),
  alpha_thumbnail: isBoolean,
  multi_view_thumbnails: isBoolean,
}

const LATER_BY_KIND: Record<TaskKind, Checks> = {
  'image-to-3d': {
    model_type: isFamily,
    texture_model: isOneOf('meshy-7', 'meshy-n1', 'meshy-6-lite'),
    geometry_resolution: isOneOf('standard', '2k', '4k'),
  },
  'multi-image-to-3d': {
    texture_model: isOneOf('meshy-7', 'meshy-n1'),
    geometry_resolution: isOneOf('standard', '2k'),
  },
}

/**
 * Throws 400 if the reference (and, unless the profile is `reference`, the later documentation) refuses a value.
 * Unknown parameters are accepted; `null` counts as absent.
 */
export function checkParameters(profile: Profile, kind: TaskKind, body: Record<string, unknown>): void {
  const later = profile === 'current' ? { ...LATER, ...LATER_BY_KIND[kind] } : {}
  for (const [name, check] of Object.entries({ ...REFERENCE, ...later })) {
    if (body[name] !== undefined && body[name] !== null) check(name, body[name])
  }
  checkModel(profile, kind, body)
}
