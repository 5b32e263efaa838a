import {
  type DirectiveTable,
  flag,
  integer,
  listOf,
  oneOf,
  someOf,
  text,
  type Directive,
} from './directive.ts'
import { EXTRA_FORMATS, TARGET_FORMATS } from './file-formats.ts'
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

/** Parameters that the API gained after the reference: sent only on request, under the API's names. */
export const laterDirectives = underTheirNames({
  model_type: {
    value: oneOf(['standard', 'lowpoly', 'smart-topology']),
    only: 'image-to-3d',
    doc: 'The model family. `smart-topology` builds the polygons natively. `lowpoly` is retired.',
    example: 'model_type=smart-topology',
  },
  texture_model: {
    value: text({ max: 100, allowed: '`meshy-7` `meshy-n1` `meshy-6-lite`, or a later name' }),
    doc: 'The Meshy model to texture with. `meshy-6-lite` does not take several images. An unknown name is accepted with a warning.',
    example: 'texture_model=meshy-n1',
  },
  decimation_mode: {
    value: integer({ min: 1, max: 4 }),
    doc: 'Polygon count as a level from 1 (ultra) to 4 (low), instead of `poly`.',
    example: 'decimation_mode=3',
  },
  geometry_resolution: {
    value: oneOf(['standard', '2k', '4k']),
    doc: 'Finer geometry for more credits. `4k` works with a single image only.',
    example: 'geometry_resolution=2k',
  },
  texture_resolution: {
    value: oneOf(['2k', '4k', '8k']),
    doc: 'Size of the texture maps.',
    example: 'texture_resolution=4k',
  },
  hd_texture: {
    value: flag(),
    doc: 'A base color map of 4096 pixels. For later models, use `texture_resolution` instead.',
    example: 'hd_texture',
  },
  texture_image_urls: {
    value: listOf({
      max: 4,
      allowed: '1 to 4 image paths relative to the imported file, or https URLs, comma-separated',
    }),
    holdsImages: true,
    only: 'multi-image-to-3d',
    doc: 'Several images that guide texturing.',
    example: 'texture_image_urls=./wool.png,./felt.png',
  },
  image_enhancement: {
    value: flag(),
    doc: 'If off, the model stays closer to the image.',
    example: 'no-image_enhancement',
  },
  remove_lighting: {
    value: flag(),
    doc: 'Whether highlights and shadows are removed from the base color. Guaranteed to work with `model=meshy-6` only.',
    example: 'no-remove_lighting',
  },
  auto_size: {
    value: flag(),
    doc: 'Scales the model to an estimated real-world height.',
    example: 'auto_size',
  },
  origin_at: {
    value: oneOf(['bottom', 'center']),
    doc: 'The origin of the model. Requires `auto_size`.',
    example: 'auto_size&origin_at=center',
  },
  target_formats: {
    value: someOf(TARGET_FORMATS),
    isAside: true,
    doc: 'The formats that the service produces; must include `glb`. Fewer can be faster.',
    example: 'target_formats=glb',
  },
  alpha_thumbnail: {
    value: flag(),
    isAside: true,
    doc: 'Also requests a preview image with a transparent background, and emits it as `thumbnails.alpha`.',
    example: 'alpha_thumbnail',
  },
  multi_view_thumbnails: {
    value: flag(),
    isAside: true,
    doc: 'Also requests preview images from four sides, and emits them as `thumbnails.front`, `.right`, `.back` and `.left`.',
    example: 'multi_view_thumbnails',
  },
})

function underTheirNames<const Rows extends Readonly<Record<string, Omit<Directive, 'param'>>>>(rows: Rows) {
  const named = Object.entries(rows).map(([name, row]) => [name, { ...row, param: name }])
  // Object.fromEntries loses the type of the names.
  return Object.fromEntries(named) as { [Name in keyof Rows]: Rows[Name] & { param: string } }
}
