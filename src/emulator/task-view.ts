import { fileOf, type FileRole } from '../request/files.ts'
import type { EmulatorState } from './state.ts'
import { isTerminal, progressOf } from './task.ts'
import type { Task } from './task.ts'

/** A task as the API answers it. */
export type TaskView = Record<string, unknown>

/** The whole task object. Its URLs are signed anew each time. */
export function taskView(state: EmulatorState, task: Task): TaskView {
  const sign = (file: string) => state.urls.sign(task.id, file, state.now())
  return {
    id: task.id,
    type: task.kind,
    ...signedUrls(task, sign),
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
    preceding_tasks: state.tasks.precedingTasks(task),
    task_error: taskError(state, task),
    ...(state.options.profile === 'current' && laterFields(task)),
  }
}

/** What a stream says while the task is not done. */
export function progressView(state: EmulatorState, task: Task): TaskView {
  if (isTerminal(task.status)) return taskView(state, task)
  return { id: task.id, progress: progressOf(task, state.now()), status: task.status }
}

/** Name of the file that `texture_image_url` points to. */
export const TEXTURE_IMAGE_FILE = 'texture_input'

/** The addresses of the files that a task made, where its answer has them. */
function signedUrls({ status, assets }: Task, sign: (file: string) => string): TaskView {
  const found: TaskView = {}
  for (const [role, file] of status === 'SUCCEEDED' ? Object.entries(assets) : []) {
    const [field, inner] = fileOf(role as FileRole).answer
    found[field] = inner === undefined ? sign(file) : { ...(found[field] as object), [inner]: sign(file) }
  }
  const { texture_urls: textures, ...others } = found
  return { model_urls: {}, thumbnail_url: '', ...others, texture_urls: textures ? [textures] : [] }
}

function taskError(state: EmulatorState, { status, failure }: Task): TaskView {
  if (status !== 'FAILED' || !failure) return { message: '' }
  const { message, type = 'server_error', code = type } = failure
  return state.options.profile === 'current' ? { message, type, code } : { message }
}

function laterFields(task: Task): TaskView {
  return {
    ...(task.name !== undefined && { name: task.name }),
    ai_model: task.aiModel,
    ...(task.status === 'SUCCEEDED' && task.model.shouldRemesh && { face_count: task.model.targetPolycount }),
    consumed_credits: task.status === 'FAILED' && !task.failure?.charged ? 0 : task.price,
  }
}
