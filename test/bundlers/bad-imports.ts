import { MOST_IMAGES } from '../../src/request/task-kinds.ts'
import { makePng } from '../glb/pictures.ts'

export interface BadImport {
  specifier: string
  code: string
  /** A part of the reason. */
  reason: string
}

const TOO_MANY_VIEWS = Array.from({ length: MOST_IMAGES }, (_, at) => `./${at}.png`).join()
const LFS_POINTER = `version https://git-lfs.github.com/spec/v1\noid sha256:${'0'.repeat(64)}\nsize 12345\n`

/** Files that are no pictures, whatever their names say, and recipes that are none. */
export const BAD_FILES: Record<string, string | Uint8Array> = {
  'empty.png': '',
  'text.png': 'no picture at all',
  'lying.png': Buffer.from('RIFF\0\0\0\0WEBPVP8 '),
  'picture.webp': Buffer.from('RIFF\0\0\0\0WEBPVP8 '),
  'cut.png': makePng(8, 8).subarray(0, 60),
  'pointer.png': LFS_POINTER,
  'broken.meshy.json': '{ "image": "./hero.png", ',
  'odd.meshy.json': '{ "image": "./hero.png", "polly": 5000 }',
  'nothing.meshy.json': '{ "pbr": true }',
}

/** Every import that the API would refuse, or of which it would silently ignore a part. */
export const BAD_IMPORTS: BadImport[] = [
  ...hero('MESHY_DIRECTIVE_INVALID', {
    'poly=99': '`poly` is `99`; expected 100–300000',
    'poly=300001': '`poly` is `300001`; expected 100–300000',
    'poly=many': '`poly` is `many`; expected 100–300000',
    poly: '`poly` has no value; expected 100–300000',
    'target_polycount=1.5': '`target_polycount` is `1.5`; expected 100–300000',
    'topology=hexagon': '`topology` is `hexagon`; expected `triangle` `quad`',
    'symmetry=maybe': '`symmetry` is `maybe`; expected `off` `auto` `on`',
    'pose=sitting': '`pose` is `sitting`; expected `a-pose` `t-pose`',
    'pbr=yes': '`pbr` is `yes`; expected boolean',
    [`prompt=${'x'.repeat(601)}`]: '(601 characters); expected up to 600 characters',
    [`views=${TOO_MANY_VIEWS}`]: `expected 1 to ${MOST_IMAGES - 1} more images`,
    'take=0': '`take` is `0`; expected integer ≥ 1',
    'formats=ply': 'expected any of `fbx` `obj` `usdz` `stl` `3mf`',
    'preset=prop': 'There is no preset `prop`',
    'texture-image=http://example.com/a.png': 'expected an https URL or a path',
    'no-poly': '`poly` is not a boolean',
  }),
  ...hero('MESHY_DIRECTIVE_CONFLICT', {
    'no-texture&pbr': '`pbr`',
    'no-texture&prompt=wool': '`prompt`',
    'no-texture&texture-image=./hero.png': '`texture-image`',
    'prompt=wool&texture-image=./hero.png': '`prompt` and `texture-image` exclude each other',
    'no-remesh&pre-remesh': '`pre-remesh`',
    'no-remesh&poly=5000': '`poly`',
    'poly=5000&polycount=6000': '`poly` and `polycount` mean the same',
  }),
  ...hero('MESHY_DIRECTIVE_UNKNOWN', {
    'polly=5000': 'Did you mean `poly`?',
    'ploy=5000': 'Did you mean `poly`?',
    'topolgy=quad': 'Did you mean `topology`?',
    'no-pbrr': 'Did you mean `no-pbr`?',
    'colour=red': 'Unknown directive `colour`',
  }),
  ...hero('MESHY_IMAGE_NOT_FOUND', {
    'views=./back.png': '`back.png` does not exist',
    'texture-image=./wool.png': '`wool.png` does not exist',
  }),
  file('./missing.png', 'MESHY_IMAGE_NOT_FOUND', '`missing.png` does not exist'),
  file('./empty.png', 'MESHY_IMAGE_INVALID', '`empty.png` is empty'),
  file(
    './text.png',
    'MESHY_IMAGE_INVALID',
    '`text.png` is of an unknown format; expected PNG or JPEG contents',
  ),
  file('./lying.png', 'MESHY_IMAGE_INVALID', '`lying.png` is a WebP image; expected PNG or JPEG contents'),
  file(
    './picture.webp',
    'MESHY_IMAGE_INVALID',
    '`picture.webp` is a WebP image; expected PNG or JPEG contents',
  ),
  file('./cut.png', 'MESHY_IMAGE_INVALID', '`cut.png` is truncated'),
  file('./pointer.png', 'MESHY_IMAGE_INVALID', '`pointer.png` is a Git LFS pointer'),
  file('./missing.meshy.json', 'MESHY_RECIPE_INVALID', '`missing.meshy.json` does not exist'),
  file('./broken.meshy.json', 'MESHY_RECIPE_INVALID', '`broken.meshy.json` is not valid JSON'),
  file('./odd.meshy.json', 'MESHY_DIRECTIVE_UNKNOWN', 'Unknown directive `polly` in `odd.meshy.json`'),
  file('./nothing.meshy.json', 'MESHY_RECIPE_INVALID', 'does not name an image'),
]

function hero(code: string, reasons: Record<string, string>): BadImport[] {
  return Object.entries(reasons).map(([query, reason]) => ({
    specifier: `./hero.png?meshy&${query}`,
    code,
    reason,
  }))
}

function file(name: string, code: string, reason: string): BadImport {
  return { specifier: `${name}?meshy`, code, reason }
}
