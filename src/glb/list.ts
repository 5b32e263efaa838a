import { z } from 'zod'

/**
 * An array of which the first wrong item ends the reading. `z.array` tells of each one, and a file of some megabytes can
 * have as many of them as there is memory.
 */
export function list<Item extends z.ZodType>(item: Item) {
  return z
    .array(z.unknown())
    .transform(
      (values, context) => readAll(item, values.entries(), context)?.map(([, read]) => read) ?? z.NEVER,
    )
}

/** {@link list} for the fields of an object. */
export function fields<Item extends z.ZodType>(item: Item) {
  return z.record(z.string(), z.unknown()).transform((values, context) => {
    const all = readAll(item, Object.entries(values), context)
    return all ? Object.fromEntries(all) : z.NEVER
  })
}

function readAll<Item extends z.ZodType, Name extends string | number>(
  item: Item,
  values: Iterable<[Name, unknown]>,
  context: z.RefinementCtx,
): [Name, z.output<Item>][] | undefined {
  const items: [Name, z.output<Item>][] = []
  for (const [name, value] of values) {
    const { success, data, error } = item.safeParse(value)
    if (success) items.push([name, data])
    else {
      const [issue] = error.issues
      const message = issue?.message ?? error.message
      context.addIssue({ code: 'custom', path: [name, ...(issue?.path ?? [])], message })
      return undefined
    }
  }
  return items
}
