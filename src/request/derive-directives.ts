import type { DeriveDirectiveName, DirectiveTable } from './directives.ts'
import { COMPRESSIONS } from './request.ts'
import { flag, integer, oneOf } from './values.ts'

const free = { aliases: [], kinds: 'both', decidesBytes: false } as const

/** What is made of a model on this machine, free: none of it is part of the key. */
export const deriveDirectives = {
  optimize: {
    ...free,
    value: flag(),
    doc: 'A model for the web: WebP textures of at most 2048 pixels, geometry compressed by meshopt. Free.',
    example: 'optimize',
  },
  simplify: {
    ...free,
    value: integer({ min: 4, max: 10_000_000 }),
    doc: 'Triangles to reduce the model to, free, where `poly` would pay for another one.',
    example: 'simplify=5000',
  },
  'texture-size': {
    ...free,
    value: integer({ min: 16, max: 8192 }),
    doc: 'The longest side of textures, in pixels. Smaller ones stay as they are. Free.',
    example: 'texture-size=1024',
  },
  compress: {
    ...free,
    value: oneOf(COMPRESSIONS),
    doc: 'How geometry is compressed; loaders need the decoder. `none` takes it out of `optimize`. Free.',
    example: 'compress=draco',
  },
  'max-bytes': {
    ...free,
    aliases: ['maxBytes'],
    value: integer({ min: 1 }),
    doc: 'Bytes that the emitted GLB may have; see the option `oversize`.',
    example: 'max-bytes=2000000',
  },
  'max-triangles': {
    ...free,
    aliases: ['maxTriangles'],
    value: integer({ min: 1 }),
    doc: 'Triangles that the emitted GLB may have; see the option `oversize`.',
    example: 'max-triangles=20000',
  },
} satisfies DirectiveTable<DeriveDirectiveName>
