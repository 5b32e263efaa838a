import type { Request, Wanted } from '../../request/request.ts'
import { SingleFlight } from '../../system/single-flight.ts'

/** What the runs of a process that use one cache folder know together of their models. */
export class SharedModels {
  /** Work that is under way, so that nobody begins it twice. */
  readonly flights = new SingleFlight()
  /** Models that a sum has counted, whichever part of a build it was. */
  readonly told = new Set<string>()
  #wanted = new Map<string, Wanted>()

  /** Imports that share a key share one task, which makes the files that any of them wants. */
  want({ key, wanted }: Request): void {
    this.#wanted.set(key, unite(this.wantedOf({ key, wanted }), wanted))
  }

  wantedOf({ key, wanted }: Pick<Request, 'key' | 'wanted'>): Wanted {
    return this.#wanted.get(key) ?? wanted
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
