import { fileOf, type FileRole } from '../request/files.ts'
import { taskKinds } from '../request/task-kinds.ts'
import type { EmulatorState } from './state.ts'
import { isTerminal, progressOf, type Task } from './task-store.ts'
import type { Fault } from './fault.ts'

/** A task as the API returns it. */
export type TaskView = Record<string, unknown>

/** The whole task object. Its URLs are signed again each time. */
export function taskView(state: EmulatorState, task: Task): TaskView {
  const sign = (file: string) => state.urls.sign(task.id, file, state.now())
  return {
    id: task.id,
    type: task.kind,
    ...signedUrls(task, sign),
    texture_prompt: task.texturePrompt,
    ...(!taskKinds[task.kind].isList && {
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

/** What a stream reports while the task is not done. */
export function progressView(state: EmulatorState, task: Task): TaskView {
  if (isTerminal(task.status)) return taskView(state, task)
  return { id: task.id, progress: progressOf(task, state.now()), status: task.status }
}

/** Name of the file that `texture_image_url` points to. */
export const TEXTURE_IMAGE_FILE = 'texture_input'

/** The addresses of the files that a task made, at their places in its answer. */
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

/** The task as returned by a server that deviates from its documentation. */
export function distortView(view: TaskView, fault: Fault | undefined): TaskView {
  if (fault?.kind === 'unknownStatus') return { ...view, status: fault.status ?? 'POLISHING' }
  if (fault?.kind === 'noModel') return 'model_urls' in view ? { ...view, model_urls: {} } : view
  if (fault?.kind === 'nullFields') return nullUnset(view)
  return distortFields(view, fault)
}

/** What else a list contains. */
export function foreignTasks(fault: Fault | undefined, now: number): TaskView[] {
  if (fault?.kind !== 'foreignNames') return []
  const { name = 'A chair of somebody else' } = fault
  return [{ id: 'task-of-somebody-else', name, status: 'SUCCEEDED', progress: 100, created_at: now }]
}

const DATES = ['created_at', 'started_at', 'finished_at', 'expires_at']

const CUT_AT = 20

function distortFields(view: TaskView, fault: Fault | undefined): TaskView {
  if (!fault) return view
  if (fault.kind === 'oddFields') return withFields(view, fault.fields)
  if (fault.kind === 'noDates') return without(view, DATES)
  if (fault.kind === 'noNames' || fault.kind === 'foreignNames') return without(view, ['name'])
  if (fault.kind !== 'cutNames' || typeof view['name'] !== 'string') return view
  return { ...view, name: view['name'].slice(0, fault.characters ?? CUT_AT) }
}

function without(view: TaskView, names: readonly string[]): TaskView {
  return Object.fromEntries(Object.entries(view).filter(([name]) => !names.includes(name)))
}

/** JSON omits what is `undefined`. */
function withFields(view: TaskView, fields: Record<string, unknown>): TaskView {
  const told = Object.entries(fields).map(([name, field]) => {
    return [name, typeof field === 'function' ? (field as (value: unknown) => unknown)(view[name]) : field]
  })
  return { ...view, ...Object.fromEntries(told) }
}

/** Seen in practice: unset times are null, formats that were not made are empty strings, empty lists are absent. */
function nullUnset(view: TaskView): TaskView {
  const entries = Object.entries(view).flatMap(([name, value]) => {
    if (Array.isArray(value) && value.length === 0) return []
    const unset = value === 0 || value === ''
    return [[name, unset ? null : value]]
  })
  const nulled: TaskView = Object.fromEntries(entries)
  if (typeof nulled.model_urls !== 'object') return nulled
  return { ...nulled, model_urls: { fbx: '', usdz: '', ...nulled.model_urls }, task_error: null }
}
