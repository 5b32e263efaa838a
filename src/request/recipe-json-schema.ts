import { z } from 'zod'
import { directiveNames, directiveOf } from './directives.ts'
import { imageShape } from './recipe.ts'

/** Everything that a recipe may hold besides `api.…`, generated from the table of directives. */
export function recipeSchema() {
  return z.strictObject({ ...imageShape(), ...directiveShape() })
}

/** What a recipe may hold, as JSON Schema: `$schema` of a recipe points at it, so that editors complete and check. */
export function recipeJsonSchema(): object {
  // The draft that editors know best.
  const schema = z.toJSONSchema(recipeSchema(), { io: 'input', target: 'draft-7' })
  return {
    ...schema,
    patternProperties: {
      '^api\\.[A-Za-z][\\w-]*$': { description: 'A parameter of the API, sent as it is.' },
    },
    title: 'A recipe of unplugin-meshy',
    oneOf: [{ required: ['image'] }, { required: ['images'] }],
  }
}

function directiveShape(): Record<string, z.ZodType> {
  const shape: Record<string, z.ZodType> = {}
  for (const name of directiveNames.filter((name) => name !== 'meshy')) {
    const { aliases, value, doc } = directiveOf(name)
    shape[name] = value.schema().optional().describe(doc)
    for (const alias of aliases) shape[alias] = value.schema().optional().describe(`The same as \`${name}\`.`)
  }
  return shape
}
