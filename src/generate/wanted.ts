import type { Request, Wanted } from '../request/request.ts'

/** The files that the imports of a run want, united by key: imports that share a key share one task. */
export class WantedFiles {
  #byKey = new Map<string, Wanted>()

  add({ key, wanted }: Request): void {
    this.#byKey.set(key, unite(this.of({ key, wanted }), wanted))
  }

  /** What all imports of the request's key want so far. */
  of({ key, wanted }: Pick<Request, 'key' | 'wanted'>): Wanted {
    return this.#byKey.get(key) ?? wanted
  }
}

function unite(a: Wanted, b: Wanted): Wanted {
  return {
    formats: [...new Set([...a.formats, ...b.formats])],
    preRemeshed: a.preRemeshed || b.preRemeshed,
    textures: a.textures || b.textures,
    thumbnail: a.thumbnail || b.thumbnail,
    alphaThumbnail: a.alphaThumbnail ?? b.alphaThumbnail,
    multiViewThumbnails: a.multiViewThumbnails ?? b.multiViewThumbnails,
  }
}
