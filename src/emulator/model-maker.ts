import type { FileRole } from '../request/files.ts'
import type { TaskKind } from '../request/task-kinds.ts'

/** A picture of a task, as it came. */
export interface InputImage {
  bytes: Uint8Array
  mime: 'image/png' | 'image/jpeg'
}

/** What a task asks for, with the server's defaults filled in. */
export interface ModelInput {
  kind: TaskKind
  /** One picture, or several views; the first is the front. */
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

/** File names by what the files are. What is not made is left out. */
export type AssetNames = Partial<Record<AssetRole, string>>

/** What is going to become of a task. */
export interface ModelPlan {
  /** The files that {@link ModelMaker.make} is going to deliver. */
  assets: AssetNames
  /** Why the task is going to fail: a picture that cannot be decoded, for instance. */
  failure?: TaskFailure | undefined
}

/** Which models are made, and why not better ones. */
export interface ModelsInUse {
  kind: 'mesh' | 'card'
  reason?: string | undefined
}

/**
 * Makes models. What can be told at once is told by `plan`; each file is made when it is first downloaded, so that
 * tasks which nobody downloads cost nothing.
 */
export interface ModelMaker {
  plan: (input: ModelInput) => Promise<ModelPlan>
  /** The bytes of one of the planned files. */
  make: (input: ModelInput, role: AssetRole) => Promise<Uint8Array>
  inUse?: (() => Promise<ModelsInUse>) | undefined
  /** Frees what it holds: threads, for instance. */
  close?: (() => Promise<void>) | undefined
}

/** Why a task failed, as the API tells it. */
export interface TaskFailure {
  message: string
  /** @default 'server_error' */
  type?: string
  /** @default the type */
  code?: string
  /** Whether it is charged all the same. @default false */
  charged?: boolean
}
