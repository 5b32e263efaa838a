import { PREVIEW_ROLES } from './asset-names.ts'
import type { AssetRole } from './model-maker.ts'
import type { EmulatorState } from './state.ts'
import { isTerminal, progressOf } from './task.ts'
import type { Task } from './task.ts'

/** A task as the API answers it. */
export type TaskView = Record<string, unknown>

const MODEL_ROLES = ['glb', 'fbx', 'obj', 'mtl', 'usdz', 'stl', '3mf', 'pre_remeshed_glb'] as const
const TEXTURE_ROLES = ['base_color', 'metallic', 'normal', 'roughness'] as const

/** The whole task object. Its URLs are signed anew each time. */
export function taskView(state: EmulatorState, task: Task): TaskView {
  const done = task.status === 'SUCCEEDED'
  const sign = (file: string) => state.urls.sign(task.id, file, state.now())
  const pick = (roles: readonly AssetRole[]) => (done ? signedAssets(task, roles, sign) : {})
  const textures = pick(TEXTURE_ROLES)
  const { thumbnail } = pick(['thumbnail'])
  return {
    id: task.id,
    type: task.kind,
    model_urls: pick(MODEL_ROLES),
    thumbnail_url: thumbnail ?? '',
    texture_prompt: task.texturePrompt,
    ...(task.kind === 'image-to-3d' && {
      texture_image_url: task.textureImage ? sign(TEXTURE_IMAGE_FILE) : '',
    }),
    progress: progressOf(task, state.now()),
    started_at: task.startedAt ?? 0,
    created_at: task.createdAt,
    expires_at: task.expiresAt,
    finished_at: task.finishedAt ?? 0,
    status: task.status,
    texture_urls: Object.keys(textures).length > 0 ? [textures] : [],
    preceding_tasks: state.tasks.precedingTasks(task),
    task_error: taskError(state, task),
    ...(state.options.profile === 'current' && laterFields(task, pick(PREVIEW_ROLES))),
  }
}

/** What a stream says while the task is not done. */
export function progressView(state: EmulatorState, task: Task): TaskView {
  if (isTerminal(task.status)) return taskView(state, task)
  return { id: task.id, progress: progressOf(task, state.now()), status: task.status }
}

/** Name of the file that `texture_image_url` points to. */
export const TEXTURE_IMAGE_FILE = 'texture_input'

function signedAssets(
  { assets }: Task,
  roles: readonly AssetRole[],
  sign: (file: string) => string,
): Partial<Record<AssetRole, string>> {
  const entries = roles.flatMap((role) => {
    const file = assets[role]
    return file === undefined ? [] : [[role, sign(file)]]
  })
  return Object.fromEntries(entries)
}

function taskError(state: EmulatorState, { status, failure }: Task): TaskView {
  if (status !== 'FAILED' || !failure) return { message: '' }
  const { message, type = 'server_error', code = type } = failure
  return state.options.profile === 'current' ? { message, type, code } : { message }
}

function laterFields(task: Task, previews: Partial<Record<AssetRole, string>>): TaskView {
  const { thumbnail_alpha: alpha, ...sides } = previews
  const named = Object.entries(sides).map(([role, url]) => [role.replace('thumbnail_', ''), url])
  return {
    ...(task.name !== undefined && { name: task.name }),
    ai_model: task.aiModel,
    ...(task.status === 'SUCCEEDED' && task.model.shouldRemesh && { face_count: task.model.targetPolycount }),
    ...(alpha !== undefined && { alpha_thumbnail_url: alpha }),
    ...(named.length > 0 && { thumbnail_urls: Object.fromEntries(named) }),
    consumed_credits: task.status === 'FAILED' && !task.failure?.charged ? 0 : task.price,
  }
}
