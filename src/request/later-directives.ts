import { type Directive, flag, integer, listOf, oneOf, someOf, text } from './directive.ts'
import { TARGET_FORMATS } from './file-formats.ts'

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
