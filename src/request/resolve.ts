import { MeshyError } from '../system/errors.ts'
import { nearestName } from '../system/nearest-name.ts'
import { quoted } from '../system/format.ts'
import { assertCompatible, findConflicts } from './conflicts.ts'
import type { DirectiveName, DirectiveObject, Directives } from './directives.ts'
import { parseDirectiveObject } from './parse.ts'

/** Where the directives of one import come from, strongest first. */
interface DirectiveSources {
  /** Absolute path of the imported file, for `defaults` that depend on it. */
  file: string
  /** The directives of the import itself. */
  query: Directives
  /** The directives of an imported recipe. */
  recipe?: Directives | undefined
  /** The directives that the options set for every import, or for a file. */
  defaults?: DirectiveObject | ((file: string) => DirectiveObject | undefined) | undefined
  /** Named sets of directives. */
  presets?: Readonly<Record<string, DirectiveObject>> | undefined
}

/**
 * The effective directives of one import: its query, then the preset that it names, then its recipe, then the defaults.
 * Anything in a weaker source that contradicts a stronger one is dropped; a contradiction within one source is an
 * error.
 *
 * @throws {MeshyError} MESHY_DIRECTIVE_CONFLICT, MESHY_DIRECTIVE_INVALID, MESHY_DIRECTIVE_UNKNOWN
 */
export function resolveDirectives(sources: DirectiveSources): Directives {
  const { query, recipe = {}, presets = {} } = sources
  const layers = [query, recipe, readDefaults(sources)]
  const naming = layers.findIndex((layer) => layer.preset !== undefined)
  const preset = layers[naming]?.preset
  if (preset !== undefined) layers.splice(naming + 1, 0, readPreset(preset, presets))
  const effective = layers.reduce(overlay, {})
  assertCompatible(effective)
  return effective
}

/**
 * Checks one preset of the options.
 *
 * @throws {MeshyError} as {@link parseDirectiveObject}; MESHY_DIRECTIVE_INVALID for a preset in a preset
 */
export function parsePreset(name: string, preset: unknown): Directives {
  const where = `\`presets.${name}\``
  const directives = parseDirectiveObject(preset, where)
  if (directives.preset === undefined) return directives
  throw new MeshyError('MESHY_DIRECTIVE_INVALID', {
    message: `${where} refers to the preset \`${directives.preset}\`; expected plain directives.`,
    hint: 'Write out the directives of the preset.',
  })
}

function readDefaults({ defaults, file }: DirectiveSources): Directives {
  if (typeof defaults !== 'function') return parseDirectiveObject(defaults ?? {}, '`defaults`')
  return parseDirectiveObject(defaults(file) ?? {}, 'what `defaults` returned')
}

function readPreset(name: string, presets: Readonly<Record<string, DirectiveObject>>): Directives {
  if (Object.hasOwn(presets, name)) return parsePreset(name, presets[name])
  const known = Object.keys(presets)
  const nearest = nearestName(name, known)
  const list = quoted(known)
  throw new MeshyError('MESHY_DIRECTIVE_INVALID', {
    message: `There is no preset \`${name}\`; expected ${known.length > 0 ? `one of ${list}` : 'one of the options, which have none'}.`,
    hint: nearest ? `Did you mean \`preset=${nearest}\`?` : 'Add it to the `presets` of the options.',
    details: { received: name, known },
  })
}

/**
 * Merges `stronger` over `weaker`, without what the stronger one overrides in other words, as `texture: false` does
 * `pbr`.
 */
function overlay(stronger: Directives, weaker: Directives): Directives {
  let kept = weaker
  for (;;) {
    const overridden = findOverridden(stronger, kept)
    if (!overridden) return { ...kept, ...stronger }
    kept = without(kept, overridden)
  }
}

/** A directive of the weaker layer that contradicts one of the stronger layer. */
function findOverridden(stronger: Directives, weaker: Directives): DirectiveName | undefined {
  const isStronger = (name: DirectiveName) => name in stronger
  for (const { names } of findConflicts({ ...weaker, ...stronger })) {
    // Additional images are not a setting: dropping them silently would produce a different object.
    const weak = names.filter((name) => !isStronger(name) && name in weaker && name !== 'views')
    if (weak.length > 0 && names.some(isStronger)) return weak[0]
  }
  return undefined
}

function without(directives: Directives, name: DirectiveName): Directives {
  return Object.fromEntries(Object.entries(directives).filter(([other]) => other !== name))
}
