import { type DirectiveTable, flag, integer, listOf, oneOf, someOf, text } from './directive.ts'
import { EXTRA_FORMATS } from './file-formats.ts'
import { MOST_IMAGES } from './task-kinds.ts'

/** Our own directives, and those for the parameters that the API reference lists. */
export const referenceDirectives = {
  meshy: {
    value: flag(),
    doc: 'Marks the import.',
    example: 'meshy',
  },
  model: {
    aliases: ['ai_model'],
    value: text({ max: 100, allowed: '`latest` or a model name' }),
    param: 'ai_model',
    doc: 'The Meshy model to generate with. An unknown name is accepted with a warning.',
    example: 'model=meshy-6',
  },
  topology: {
    value: oneOf(['triangle', 'quad']),
    param: 'topology',
    doc: 'Whether the mesh consists of triangles or mostly of quads.',
    example: 'topology=quad',
  },
  poly: {
    aliases: ['polycount', 'target_polycount'],
    value: integer({ min: 100, max: 300_000 }),
    param: 'target_polycount',
    doc: 'Target number of polygons. Turns remeshing on.',
    example: 'poly=20000',
  },
  symmetry: {
    aliases: ['symmetry_mode'],
    value: oneOf(['off', 'auto', 'on']),
    param: 'symmetry_mode',
    doc: 'Whether the model is made symmetric. The service has ignored it since 2026-05-11.',
    example: 'symmetry=on',
  },
  remesh: {
    aliases: ['should_remesh'],
    value: flag(),
    param: 'should_remesh',
    doc: 'If off, gives the densest mesh, often millions of triangles.',
    example: 'no-remesh',
  },
  // Changes no byte of the GLB, but is paid for together with it: without it, the extra file can never exist.
  'pre-remesh': {
    aliases: ['save_pre_remeshed_model'],
    value: flag(),
    param: 'save_pre_remeshed_model',
    doc: 'Also keeps the mesh from before remeshing, as `files.preRemeshed`.',
    example: 'pre-remesh',
  },
  texture: {
    aliases: ['should_texture'],
    value: flag(),
    param: 'should_texture',
    doc: 'If off, gives a mesh without textures, for fewer credits.',
    example: 'no-texture',
  },
  pbr: {
    aliases: ['enable_pbr'],
    value: flag(),
    param: 'enable_pbr',
    doc: 'Adds metallic, roughness and normal maps to the base color.',
    example: 'pbr',
  },
  pose: {
    aliases: ['pose_mode'],
    value: oneOf(['a-pose', 't-pose', ''], { a: 'a-pose', t: 't-pose' }),
    param: 'pose_mode',
    doc: 'The pose of a figure. An empty value cancels a default.',
    example: 'pose=t',
  },
  is_a_t_pose: {
    value: flag(),
    param: 'is_a_t_pose',
    doc: 'Deprecated: use `pose`.',
    example: 'is_a_t_pose',
  },
  prompt: {
    aliases: ['texture_prompt'],
    value: text({ max: 600 }),
    param: 'texture_prompt',
    doc: 'Text that guides texturing. Write `%26` for `&` and `%23` for `#`.',
    example: 'prompt=brushed%20steel',
  },
  'texture-image': {
    aliases: ['texture_image_url'],
    value: text({ max: 2000, allowed: 'image path relative to the imported file, or https URL' }),
    param: 'texture_image_url',
    holdsImages: true,
    doc: 'Image that guides texturing.',
    example: 'texture-image=./wool.png',
  },
  moderation: {
    value: flag(),
    param: 'moderation',
    isAside: true,
    doc: 'Has the input screened for harmful content.',
    example: 'moderation',
  },
  views: {
    value: listOf({
      max: MOST_IMAGES - 1,
      allowed: `1 to ${MOST_IMAGES - 1} more images, comma-separated, relative to the imported file`,
    }),
    param: 'image_urls',
    holdsImages: true,
    doc: 'More images of the same object, from other sides. Makes it a multi-image task.',
    example: 'views=./back.png,./left.png',
  },
  take: {
    value: integer({ min: 1 }),
    doc: 'Rolls the dice again: each number gives a different model.',
    example: 'take=2',
  },
  formats: {
    value: someOf(EXTRA_FORMATS),
    doc: 'Other files to keep and emit besides the GLB.',
    example: 'formats=fbx,usdz',
  },
  textures: {
    value: flag(),
    doc: 'Also emits the texture maps.',
    example: 'textures',
  },
  thumbnail: {
    value: flag(),
    doc: 'Also emits the preview image.',
    example: 'thumbnail',
  },
  preset: {
    value: text({ max: 100, allowed: 'a name from the options' }),
    doc: 'Expands to the directives of that preset.',
    example: 'preset=prop',
  },
} satisfies DirectiveTable
