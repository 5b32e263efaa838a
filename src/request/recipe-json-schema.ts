import { z } from 'zod'
import { recipeSchema } from './recipe.ts'

/** What a recipe may hold, as JSON Schema: `$schema` of a recipe points at it, so that editors complete and check. */
export function recipeJsonSchema(): object {
  // The draft that editors know best.
  const schema = z.toJSONSchema(recipeSchema, { io: 'input', target: 'draft-7' })
  return {
    ...schema,
    patternProperties: {
      '^api\\.[A-Za-z][\\w-]*$': { description: 'A parameter of the API, sent as it is.' },
    },
    title: 'A recipe of unplugin-meshy',
    oneOf: [{ required: ['image'] }, { required: ['images'] }],
  }
}
