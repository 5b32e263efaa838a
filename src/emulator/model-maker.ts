import { type FileRole, FILE_ROLES, fileOf } from '../request/files.ts'
import type { TaskKind } from '../request/task-kinds.ts'
import { crc32 } from 'node:zlib'

/** An image of a task, as it was received. */
export interface InputImage {
  bytes: Uint8Array
  mime: 'image/png' | 'image/jpeg'
}

/** What a task asks for, with the server's defaults filled in. */
export interface ModelInput {
  kind: TaskKind
  /** One image, or several views; the first is the front. */
  images: [front: InputImage, ...others: InputImage[]]
  targetPolycount: number
  /** `false` asks for the densest mesh, whatever the target. */
  shouldRemesh: boolean
  savePreRemeshed: boolean
  shouldTexture: boolean
  enablePbr: boolean
  /** A figure in a pose, which comes with a skeleton. */
  isPosed?: boolean | undefined
}

/** What a file of a task is. */
export type AssetRole = FileRole

/** File names by role. Files that are not made are omitted. */
export type AssetNames = Partial<Record<AssetRole, string>>

/** What will become of a task. */
export interface ModelPlan {
  /** The files that {@link ModelMaker.make} will deliver. */
  assets: AssetNames
  /** Why the task will fail, for example an image that cannot be decoded. */
  failure?: TaskFailure | undefined
}

/** Which models are made, and why not better ones. */
export interface ModelsInUse {
  kind: 'mesh' | 'card'
  reason?: string | undefined
}

/**
 * Makes models. `plan` returns what is known at once; each file is made when it is first downloaded, so that tasks that
 * nobody downloads cost nothing.
 */
export interface ModelMaker {
  plan: (input: ModelInput) => Promise<ModelPlan>
  /** The bytes of one of the planned files. */
  make: (input: ModelInput, role: AssetRole) => Promise<Uint8Array>
  inUse?: (() => Promise<ModelsInUse>) | undefined
  /** Frees what it holds, such as threads. */
  close?: (() => Promise<void>) | undefined
}

/** Why a task failed, as the API reports it. */
export interface TaskFailure {
  message: string
  /** @default 'server_error' */
  type?: string
  /** @default the type */
  code?: string
  /** Whether it is charged anyway. @default false */
  charged?: boolean
}

export const MTL_NAME = 'model.mtl'

/** Names of the files that a task asks for. Neither FBX nor USDZ: there is no library that writes them for Node. */
export function assetNames(
  input: ModelInput,
  { texture, thumbnail }: { texture: string; thumbnail: string },
) {
  return {
    glb: 'model.glb',
    ...(input.savePreRemeshed && { preRemeshed: 'pre_remeshed.glb' }),
    obj: 'model.obj',
    stl: 'model.stl',
    '3mf': 'model.3mf',
    thumbnail,
    ...previewNames(thumbnail),
    ...(input.shouldTexture && { mtl: MTL_NAME, baseColor: texture }),
  } satisfies AssetNames
}

/** Whether a file is an image that is only made on request. */
export function isPreview(role: AssetRole): boolean {
  return fileOf(role).asks !== undefined
}

function previewNames(thumbnail: string): AssetNames {
  const ending = thumbnail.slice(thumbnail.lastIndexOf('.'))
  const names = FILE_ROLES.filter(isPreview).map((role) => [
    role,
    `preview_${fileOf(role).shown[1]}${ending}`,
  ])
  return Object.fromEntries(names)
}

/** A PNG or JPEG with a comment in it: it looks the same, but no two labels give the same bytes. */
export function labelled(picture: Uint8Array, label: string): Uint8Array {
  const isPng = picture[0] === 0x89
  const text = Buffer.from(`Comment\0${label}`, 'latin1')
  // After the header: for a PNG, after its first chunk; for a JPEG, after the first two bytes.
  const at = isPng ? 33 : 2
  const remark = isPng ? pngChunk('tEXt', text) : jpegComment(text)
  return Buffer.concat([picture.subarray(0, at), remark, picture.subarray(at)])
}

function pngChunk(type: string, data: Buffer): Buffer {
  const chunk = Buffer.alloc(12 + data.length)
  chunk.writeUInt32BE(data.length, 0)
  chunk.write(type, 4, 'latin1')
  data.copy(chunk, 8)
  chunk.writeUInt32BE(crc32(chunk.subarray(4, 8 + data.length)), 8 + data.length)
  return chunk
}

function jpegComment(data: Buffer): Buffer {
  const head = Buffer.from([0xff, 0xfe, 0, 0])
  head.writeUInt16BE(data.length + 2, 2)
  return Buffer.concat([head, data])
}
