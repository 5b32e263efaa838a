/** A way in which the API makes a model from images. */
interface TaskKindRow {
  /** The maximum number of images that it takes. */
  maxImages: number
  /** The parameter that carries them, as data URIs. */
  imageParam: string
  /** Whether the parameter is a list; a single image is a text. */
  isList: boolean
}

/** Every kind of task, by its path at the API. The first one that takes all images of an import is its kind. */
const rows = {
  'image-to-3d': { maxImages: 1, imageParam: 'image_url', isList: false },
  'multi-image-to-3d': { maxImages: 4, imageParam: 'image_urls', isList: true },
} satisfies Record<string, TaskKindRow>

export type TaskKind = keyof typeof rows

export const taskKinds: Record<TaskKind, TaskKindRow> = rows

export const TASK_KINDS = Object.keys(taskKinds) as TaskKind[]

/** The maximum number of images that any kind takes. */
export const MOST_IMAGES = Math.max(...TASK_KINDS.map((kind) => taskKinds[kind].maxImages))

/** The kind of task for a number of images. */
export function kindOfImages(count: number): TaskKind {
  return TASK_KINDS.find((kind) => count <= taskKinds[kind].maxImages) ?? 'multi-image-to-3d'
}

/** The parameters with the images of a task. */
export function imageParams(kind: TaskKind, images: readonly string[]): Record<string, unknown> {
  const { imageParam, isList } = taskKinds[kind]
  return { [imageParam]: isList ? images : images[0] }
}
