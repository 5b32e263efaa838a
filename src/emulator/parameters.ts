import { TARGET_FORMATS } from '../request/file-formats.ts'
import { isBoolean, isInteger, isListOf, isOneOf, isText, isTextUpTo } from './checks.ts'
import type { Check } from './checks.ts'
import { checkModel, isFamily } from './models.ts'
import type { Profile } from './options.ts'
import type { TaskKind } from '../request/task-kinds.ts'

type Checks = Record<string, Check>

/** What the reference says of each parameter; pictures and `ai_model` are checked on their own. */
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

/** What came later, for both kinds. */
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
 * Throws 400 where the reference (and, unless the profile is `reference`, the later documentation) refuses a value.
 * Unknown parameters pass; `null` counts as absent.
 */
export function checkParameters(profile: Profile, kind: TaskKind, body: Record<string, unknown>): void {
  const later = profile === 'current' ? { ...LATER, ...LATER_BY_KIND[kind] } : {}
  for (const [name, check] of Object.entries({ ...REFERENCE, ...later })) {
    if (body[name] !== undefined && body[name] !== null) check(name, body[name])
  }
  checkModel(profile, kind, body)
}
