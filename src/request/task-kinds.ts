/** A way of the API to make a model of pictures. */
interface TaskKindRow {
  /** The most pictures that it takes. */
  maxImages: number
  /** The parameters that carry them, as data URIs. */
  imageParams(images: readonly string[]): Record<string, unknown>
}

/** Every kind of task, by its path at the API. The first one that takes all pictures of an import is its kind. */
export const taskKinds = {
  'image-to-3d': { maxImages: 1, imageParams: ([image]) => ({ image_url: image }) },
  'multi-image-to-3d': { maxImages: 4, imageParams: (images) => ({ image_urls: images }) },
} satisfies Record<string, TaskKindRow>

export type TaskKind = keyof typeof taskKinds

export const TASK_KINDS = Object.keys(taskKinds) as TaskKind[]

/** The kind of task for so many pictures. */
export function kindOfImages(count: number): TaskKind {
  return TASK_KINDS.find((kind) => count <= taskKinds[kind].maxImages) ?? 'multi-image-to-3d'
}
