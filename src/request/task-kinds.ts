/** A way of the API to make a model of pictures. */
interface TaskKindRow {
  /** The most pictures that it takes. */
  maxImages: number
  /** The parameter that carries them, as data URIs. */
  imageParam: string
  /** Whether the parameter is a list; one picture alone is a text. */
  isList: boolean
}

/** Every kind of task, by its path at the API. The first one that takes all pictures of an import is its kind. */
const rows = {
  'image-to-3d': { maxImages: 1, imageParam: 'image_url', isList: false },
  'multi-image-to-3d': { maxImages: 4, imageParam: 'image_urls', isList: true },
} satisfies Record<string, TaskKindRow>

export type TaskKind = keyof typeof rows

export const taskKinds: Record<TaskKind, TaskKindRow> = rows

export const TASK_KINDS = Object.keys(taskKinds) as TaskKind[]

/** The most pictures that any kind takes. */
export const MOST_IMAGES = Math.max(...TASK_KINDS.map((kind) => taskKinds[kind].maxImages))

/** The kind of task for so many pictures. */
export function kindOfImages(count: number): TaskKind {
  return TASK_KINDS.find((kind) => count <= taskKinds[kind].maxImages) ?? 'multi-image-to-3d'
}

/** What a task is told of its pictures. */
export function imageParams(kind: TaskKind, images: readonly string[]): Record<string, unknown> {
  const { imageParam, isList } = taskKinds[kind]
  return { [imageParam]: isList ? images : images[0] }
}
