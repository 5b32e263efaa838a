import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { errnoOf, MeshyError } from '../system/errors.ts'
import { mustParseJson } from '../system/json.ts'
import { once } from '../system/once.ts'
import { type Directives, directiveNames, directiveOf } from './directives.ts'
import { parseDirectiveObject } from './parse.ts'
import { MOST_IMAGES } from './task-kinds.ts'

/** An import written in JSON, for requests that are awkward to write as a query. */
interface Recipe {
  /** Absolute path of the recipe. */
  file: string
  /** Absolute path of the first image. */
  image: string
  /** Its directives; images after the first one are `views`, relative to the recipe. */
  directives: Directives
}

/** What a recipe contains besides directives. */
const imageShape = once(() => ({
  $schema: z.string().optional().describe('Location of the schema of this file.'),
  image: z.string().min(1).optional().describe('The image, relative to this file.'),
  images: z
    .array(z.string().min(1))
    .min(1)
    .max(MOST_IMAGES)
    .optional()
    .describe(
      `Images of the same object from 1 to ${MOST_IMAGES} sides, relative to this file. Replaces \`image\`.`,
    ),
}))

/** Whether a path is that of a recipe. */
export function isRecipe(file: string): boolean {
  return file.endsWith('.meshy.json')
}

/**
 * Reads a recipe from disk.
 *
 * @throws {MeshyError} MESHY_RECIPE_INVALID, also if it does not exist; as `parseDirectiveObject` for its directives
 */
export async function readRecipe(file: string, signal?: AbortSignal): Promise<Recipe> {
  signal?.throwIfAborted()
  const text = await readFile(file, 'utf8').catch((cause: unknown) => refuseUnreadable(file, cause))
  signal?.throwIfAborted()
  return parseRecipe(text, file)
}

/** Parses the text of a recipe; `file` is its absolute path. Throws like {@link readRecipe}. */
export function parseRecipe(text: string, file: string): Recipe {
  const { $schema: _, image, images, ...rest } = readObject(text, file)
  const directives = parseDirectiveObject(rest, `\`${path.basename(file)}\``)
  const [first, ...views] = oneListOfImages({ image, images }, file)
  if (views.length > 0 && directives.views) {
    throw invalidRecipe(
      file,
      'has both `images` and `views`; expected one of them',
      'List every image in `images`.',
    )
  }
  return {
    file,
    image: path.resolve(path.dirname(file), first),
    directives: views.length > 0 ? { ...directives, views } : directives,
  }
}

function readObject(text: string, file: string) {
  const json = mustParseJson(text, (cause) =>
    invalidRecipe(file, `is not valid JSON: ${cause.message}`, 'Fix the JSON.', cause),
  )
  const result = z.looseObject(imageShape()).safeParse(json)
  if (result.success) return result.data
  const issue = result.error.issues[0]
  const field = issue?.path[0] ?? ''
  if (field === '')
    throw invalidRecipe(file, 'is not a JSON object', 'Write it like `{ "image": "./knight.png" }`.')
  const expected = field === 'images' ? `a list of 1 to ${MOST_IMAGES} paths` : 'a text'
  throw invalidRecipe(
    file,
    `has an invalid \`${String(field)}\`; expected ${expected}`,
    `Fix \`${String(field)}\`.`,
  )
}

function oneListOfImages(
  { image, images }: { image?: string | undefined; images?: string[] | undefined },
  file: string,
): [string, ...string[]] {
  if (image !== undefined && images) {
    throw invalidRecipe(file, 'has both `image` and `images`; expected one of them', 'Remove one of the two.')
  }
  const [first = image, ...views] = images ?? []
  if (first !== undefined) return [first, ...views]
  throw invalidRecipe(
    file,
    'does not name an image; expected `image` or `images`',
    'Add `"image": "./knight.png"`.',
  )
}

function refuseUnreadable(file: string, cause: unknown): never {
  const code = errnoOf(cause)
  if (code === undefined) throw cause
  const problem = code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`
  throw invalidRecipe(file, problem, 'Fix the path of the import.', cause)
}

function invalidRecipe(file: string, problem: string, hint: string, cause?: unknown): MeshyError {
  return new MeshyError('MESHY_RECIPE_INVALID', {
    message: `The recipe \`${file}\` ${problem}.`,
    hint,
    details: { file },
    cause,
  })
}

/** Everything that a recipe may contain besides `api.…`, generated from the table of directives. */
export function recipeSchema() {
  return z.strictObject({ ...imageShape(), ...directiveShape() })
}

/**
 * What a recipe may contain, as a JSON Schema. The `$schema` of a recipe points to it, so that editors can complete and
 * check.
 */
export function recipeJsonSchema(): object {
  // The draft that editors know best.
  const schema = z.toJSONSchema(recipeSchema(), { io: 'input', target: 'draft-7' })
  return {
    ...schema,
    patternProperties: {
      '^api\\.[A-Za-z][\\w-]*$': { description: 'An API parameter, sent as it is.' },
    },
    title: 'A recipe of unplugin-meshy',
    oneOf: [{ required: ['image'] }, { required: ['images'] }],
  }
}

function directiveShape(): Record<string, z.ZodType> {
  const shape: Record<string, z.ZodType> = {}
  for (const name of directiveNames.filter((name) => name !== 'meshy')) {
    const { aliases = [], value, doc } = directiveOf(name)
    shape[name] = value.schema().optional().describe(doc)
    for (const alias of aliases) shape[alias] = value.schema().optional().describe(`The same as \`${name}\`.`)
  }
  return shape
}
