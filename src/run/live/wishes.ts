import { isMeshyError } from '../../system/errors.ts'
import type { Context, Wanting } from '../context.ts'
import type { Import } from '../imports.ts'
import { readImport } from '../read-import.ts'

/** An import that wanted the model of a key when it was loaded last. */
interface Wish {
  context: Context
  imported: Import
  key: string
}

/** Which imports of a live run want which models, so that nothing is paid that nobody wants any more. */
export class Wishes {
  #byImport = new Map<string, Wish>()

  /** Remembers what an import wants now. Returns the key that nobody wants any more because of it, if there is one. */
  add(wish: Wish): string | undefined {
    const id = idOf(wish.imported)
    const before = this.#byImport.get(id)?.key
    this.#byImport.set(id, wish)
    return before === undefined || this.#of(before).length > 0 ? undefined : before
  }

  /** The request of an import that still wants the model of a key, by what is on disk now. */
  async find(key: string): Promise<Wanting | undefined> {
    const wanting = await Promise.all(this.#of(key).map((wish) => readAgain(wish)))
    return wanting.find((one) => one?.request.key === key)
  }

  #of(key: string): Wish[] {
    return [...this.#byImport.values()].filter((wish) => wish.key === key)
  }
}

function idOf({ file, directives }: Import): string {
  return `${file}?${JSON.stringify(directives)}`
}

async function readAgain({ context, imported }: Wish): Promise<Wanting | undefined> {
  if (imported.isImported?.() === false) return undefined
  try {
    const { request } = await readImport(context, imported)
    return { context, request }
  } catch (error) {
    // A picture that is gone, or half saved: the next load of its module says so.
    if (isMeshyError(error)) return undefined
    throw error
  }
}
