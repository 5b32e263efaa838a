import type { TaskKind } from './task.ts'

/** A picture of a task, as it came. */
export interface InputImage {
  bytes: Uint8Array
  mime: 'image/png' | 'image/jpeg'
}

/** What a task asks for, with the server's defaults filled in. */
export interface ModelInput {
  kind: TaskKind
  /** One picture, or up to four views; the first is the front. */
  images: InputImage[]
  targetPolycount: number
  /** `false` asks for the densest mesh, whatever the target. */
  shouldRemesh: boolean
  savePreRemeshed: boolean
  shouldTexture: boolean
  enablePbr: boolean
}

/** What a file of a task is, by the name of its field in the answer. */
export type AssetRole =
  | 'glb'
  | 'pre_remeshed_glb'
  | 'obj'
  | 'mtl'
  | 'fbx'
  | 'usdz'
  | 'thumbnail'
  | 'base_color'
  | 'metallic'
  | 'normal'
  | 'roughness'

/** Names of the files that a maker will deliver, by what they are. What it cannot make is left out. */
export type AssetNames = Partial<Record<AssetRole, string>> & { glb: string }

/** Makes models. Files are made when they are first downloaded, so tasks that nobody downloads cost nothing. */
export interface ModelMaker {
  /** What {@link ModelMaker.make} is going to deliver, told without making it. */
  names(input: ModelInput): AssetNames
  /** The bytes of one file. */
  make(input: ModelInput, role: AssetRole): Promise<Uint8Array>
}
