import { MeshyError } from '../system/errors.ts'
import { quoted } from '../system/format.ts'
import { directiveNames, directiveOf, type DirectiveName, type Directives } from './directives.ts'
import { knownModels, texturesOneImageOnly } from './models.ts'
import { kindOfImages } from './task-kinds.ts'

/** Directives that the service would refuse together, or one of which would have no effect. */
interface Conflict {
  code: 'MESHY_DIRECTIVE_CONFLICT' | 'MESHY_DIRECTIVE_INVALID'
  /** The directives in question. A single one means that something is missing. */
  names: readonly DirectiveName[]
  message: string
  hint: string
}

/**
 * Refuses effective directives that exclude each other.
 *
 * @throws {MeshyError} MESHY_DIRECTIVE_CONFLICT, MESHY_DIRECTIVE_INVALID
 */
export function assertCompatible(directives: Directives): void {
  const conflict = findConflicts(directives)[0]
  if (!conflict) return
  const { code, names, message, hint } = conflict
  throw new MeshyError(code, { message, hint, details: { directives: [...names] } })
}

/** All conflicts in effective directives. */
export function findConflicts(directives: Directives): Conflict[] {
  return RULES.flatMap((rule) => rule(directives))
}

type Rule = (directives: Directives) => Conflict[]

const RULES: readonly Rule[] = [
  neededSwitch,
  exclusivePairs,
  kindOfTask,
  familyOfModels,
  namedModel,
  neededAutoSize,
  neededFormats,
]

/** What has no effect with a switch off. */
const SWITCHED = {
  texture: [
    'pbr', 'prompt', 'texture-image', 'texture_image_urls', 'texture_model', 'texture_resolution', 'hd_texture', 'remove_lighting', 'textures',
    'texture-size', 'texture-format',
  ],
  remesh: ['poly', 'topology', 'decimation_mode', 'pre-remesh'],
} as const // prettier-ignore

function neededSwitch(directives: Directives): Conflict[] {
  return (['texture', 'remesh'] as const).flatMap((name) => {
    const lost = directives[name] === false ? SWITCHED[name] : []
    return lost.filter((one) => isAsked(directives, one)).map((one) => withoutEffect(one, name))
  })
}

function exclusivePairs(directives: Directives): Conflict[] {
  const pairs = [
    ['prompt', 'texture-image'],
    ['prompt', 'texture_image_urls'],
    ['texture-image', 'texture_image_urls'],
    ['poly', 'decimation_mode'],
    ['pose', 'is_a_t_pose'],
    ['hd_texture', 'texture_resolution'],
  ] as const
  return pairs
    .filter((pair) => pair.every((name) => directives[name] !== undefined))
    .map((pair) =>
      conflict(pair, `\`${pair[0]}\` and \`${pair[1]}\` exclude each other; expected one of them.`),
    )
}

function kindOfTask(directives: Directives): Conflict[] {
  const several = directives.views !== undefined
  const kind = kindOfImages(1 + (directives.views?.length ?? 0))
  const given = directiveNames.filter((name) => name !== 'meshy' && directives[name] !== undefined)
  const conflicts = given
    .filter((name) => (directiveOf(name).only ?? kind) !== kind)
    .map((name) =>
      several
        ? conflict([name, 'views'], `\`${name}\` works with one image only; expected it without \`views\`.`)
        : missing(name, 'views', 'works with several images only'),
    )
  return several ? [...conflicts, ...valuesOfOneImage(directives)] : conflicts
}

/** Values that only single-image tasks support. */
function valuesOfOneImage({
  geometry_resolution: geometry,
  texture_model: texturing = '',
}: Directives): Conflict[] {
  const ofOne = (name: DirectiveName, value: string, others: string) =>
    conflict(
      [name, 'views'],
      `\`${name}=${value}\` works with one image only; expected ${others} together with \`views\`.`,
    )
  return [
    ...(geometry === '4k' ? [ofOne('geometry_resolution', geometry, '`standard` or `2k`')] : []),
    ...(texturesOneImageOnly(texturing) ? [ofOne('texture_model', texturing, 'another model')] : []),
  ]
}

function familyOfModels(directives: Directives): Conflict[] {
  const family = directives.model_type ?? 'standard'
  if (family === 'standard') return []
  const always = ['topology', 'remesh', 'pre-remesh', 'decimation_mode'] as const
  const ignored =
    family === 'lowpoly' ? ([...always, 'model', 'poly'] as const) : ([...always, 'remove_lighting'] as const)
  return ignored
    .filter((name) => directives[name] !== undefined)
    .map((name) =>
      conflict([name, 'model_type'], `\`model_type=${family}\` ignores \`${name}\`; expected one of them.`),
    )
}

function namedModel(directives: Directives): Conflict[] {
  const name = directives.model ?? 'latest'
  const model = knownModels.get(name)
  if (!model) return []
  const family = directives.model_type ?? 'standard'
  const wanted = model.modelType ?? 'standard'
  // A retired model is refused as such, whatever else is given.
  const isFree = name === 'latest' || family === 'lowpoly' || model.state === 'retired'
  const conflicts = family === wanted || isFree ? [] : [otherFamily(directives, wanted)]
  return [...conflicts, ...polycountOfModel(directives, name), ...lateParameters(directives, name)]
}

function otherFamily({ model, model_type: family }: Directives, wanted: string): Conflict {
  const said = family === undefined ? 'nothing' : `\`model_type=${family}\``
  return {
    code: 'MESHY_DIRECTIVE_CONFLICT',
    names: ['model', 'model_type'],
    message: `\`model=${model}\` belongs to \`model_type=${wanted}\`, but the import says ${said}.`,
    hint: `Write \`model_type=${wanted}\`, or another model.`,
  }
}

function polycountOfModel({ poly }: Directives, model: string): Conflict[] {
  const max = knownModels.get(model)?.maxPolycount
  if (poly === undefined || max === undefined || poly <= max) return []
  return [
    {
      code: 'MESHY_DIRECTIVE_INVALID',
      names: ['poly', 'model'],
      message: `\`poly\` is \`${poly}\`; expected 100–${max} for \`model=${model}\`.`,
      hint: `Write \`poly=${max}\` or less.`,
    },
  ]
}

/** Parameters that only the newest model supports; `latest` may be any model. */
function lateParameters(directives: Directives, model: string): Conflict[] {
  if (model === 'latest' || model === 'meshy-7.1') return []
  const late = ['geometry_resolution', 'texture_image_urls'] as const
  return late
    .filter((name) => directives[name] !== undefined && directives[name] !== 'standard')
    .map((name) =>
      conflict([name, 'model'], `\`model=${model}\` does not support \`${name}\`; expected \`meshy-7.1\`.`),
    )
}

function neededAutoSize(directives: Directives): Conflict[] {
  if (directives.origin_at === undefined || directives.auto_size === true) return []
  if (directives.auto_size === false) return [withoutEffect('origin_at', 'auto_size')]
  return [missing('origin_at', 'auto_size', 'has no effect on its own')]
}

function neededFormats({ target_formats: made, formats = [] }: Directives): Conflict[] {
  if (!made) return []
  const absent = (['glb', ...formats] as const).filter((format) => !made.includes(format))
  if (absent.length === 0) return []
  const names = absent.includes('glb')
    ? (['target_formats'] as const)
    : (['target_formats', 'formats'] as const)
  const list = quoted(absent)
  return [
    conflict(names, `\`target_formats\` does not include ${list}; expected \`glb\` and all of \`formats\`.`),
  ]
}

/** Whether a directive asks for something: a flag that is off does not. `remove_lighting` is on by default. */
function isAsked(directives: Directives, name: Exclude<DirectiveName, 'meshy'>): boolean {
  const value = directives[name]
  return value !== undefined && (value !== false || name === 'remove_lighting')
}

function withoutEffect(name: DirectiveName, switchedOff: DirectiveName): Conflict {
  const message = `\`${name}\` has no effect with \`${switchedOff}\` off; expected one of them.`
  return conflict([name, switchedOff], message)
}

function missing(name: DirectiveName, needed: DirectiveName, why: string): Conflict {
  return {
    code: 'MESHY_DIRECTIVE_CONFLICT',
    names: [name],
    message: `\`${name}\` ${why}; expected it together with \`${needed}\`.`,
    hint: `Add \`${needed}\`, or remove \`${name}\`.`,
  }
}

function conflict(names: readonly DirectiveName[], message: string): Conflict {
  const [first, second] = names
  const hint = second ? `Remove \`${first}\` or \`${second}\`.` : `Fix \`${first}\`.`
  return { code: 'MESHY_DIRECTIVE_CONFLICT', names, message, hint }
}
