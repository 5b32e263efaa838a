import { readRequest } from '../request/read-request.ts'
import { isRecipe, readRecipe } from '../request/recipe.ts'
import type { Request } from '../request/request.ts'
import { resolveDirectives } from '../request/resolve.ts'
import type { Context } from './context.ts'
import type { Import } from './imports.ts'

interface ReadImport {
  request: Request
  /** The recipe and every image that went into the request. */
  watchFiles: string[]
}

/** The request of an import: its query over presets, recipe and defaults, and its images from disk. */
export async function readImport(context: Context, imported: Import): Promise<ReadImport> {
  const { file, directives } = imported
  if ('error' in directives) throw directives.error
  const { options, store, signal } = context.ports
  const { borders } = context.project
  const { defaults, presets, emulated } = options
  if (isRecipe(file)) borders.assertInside(file, imported)
  const recipe = isRecipe(file) ? await readRecipe(file, signal) : undefined
  const given = { query: directives, recipe: recipe?.directives, defaults, presets }
  const request = await readRequest({
    file,
    image: recipe?.image,
    directives: resolveDirectives({ file, ...given }),
    emulated,
    images: borders.reader(store.images, imported),
    hasher: store.hasher,
    signal,
  })
  const pictures = [...request.images, ...request.textureImages].flatMap((image) =>
    'file' in image ? [image.file] : [],
  )
  return { request, watchFiles: [...(recipe ? [file] : []), ...pictures] }
}
