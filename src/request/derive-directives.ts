import {
  type DirectiveTable,
  decimal,
  flag,
  integer,
  integerOr,
  oneOf,
  parts,
  type ValueType,
} from './directive.ts'

/** What is derived from a model on this machine, for free: none of it is part of the key. */
export const deriveDirectives = {
  optimize: {
    value: flag(),
    derives: 'optimize',
    doc: 'Prepares the model for the web: WebP textures of at most 2048 pixels, geometry compressed with meshopt. Free.',
    example: 'optimize',
  },
  simplify: {
    value: integerOr('auto', { min: 4, max: 10_000_000 }),
    derives: 'simplify',
    doc: 'Number of triangles to reduce the model to, or `auto` for as many as its shape needs. Free, whereas `poly` would pay for another model.',
    example: 'simplify=5000',
  },
  'texture-size': {
    value: integer({ min: 16, max: 8192 }),
    derives: 'textureSize',
    doc: 'The longest side of textures, in pixels. Smaller textures stay as they are. Free.',
    example: 'texture-size=1024',
  },
  'texture-format': {
    value: oneOf(['webp', 'keep']),
    derives: 'textureFormat',
    doc: 'The format of textures. `keep` removes WebP from `optimize`. Free.',
    example: 'texture-format=webp',
  },
  compress: {
    value: oneOf(['meshopt', 'draco', 'none']),
    derives: 'compress',
    doc: 'How geometry is compressed. Loaders need the decoder. `none` removes compression from `optimize`. Free.',
    example: 'compress=draco',
  },
  height: {
    value: decimal({ min: 0.001, max: 100_000 }),
    derives: 'height',
    doc: 'The height of the model, in metres. Free.',
    example: 'height=1.8',
  },
  origin: {
    value: oneOf(['bottom', 'center']),
    derives: 'origin',
    doc: 'The origin of the model: `bottom` stands it on y = 0, `center` puts the origin at its center. Either way, x and z are centered. Free.',
    example: 'origin=bottom',
  },
  lods: {
    value: parts({ most: 8, step: 0.25 }),
    doc: 'Levels of detail. Either their number, where the first is `url` and each has a quarter of the triangles of the one before, or the fractions of the first level that the others have. Free.',
    example: 'lods=3',
  },
  'max-bytes': {
    aliases: ['maxBytes'],
    value: integer({ min: 1 }),
    doc: 'Maximum size of the emitted GLB, in bytes. See the option `oversize`.',
    example: 'max-bytes=2000000',
  },
  'max-triangles': {
    aliases: ['maxTriangles'],
    value: integer({ min: 1 }),
    doc: 'Maximum number of triangles in the emitted GLB. See the option `oversize`.',
    example: 'max-triangles=20000',
  },
} as const satisfies DirectiveTable

type Table = typeof deriveDirectives

/**
 * What an import wants to be derived from the model on this machine, by the fields that the rows name. Not part of the
 * key.
 */
export type WantedDerivation = {
  [N in keyof Table as Table[N] extends { derives: infer Field extends string } ? Field : never]?:
    | (Table[N]['value'] extends ValueType<infer T> ? T : never)
    | undefined
}
