import type { Fault } from './fault.ts'
import type { TaskView } from './task-view.ts'

/** The task as a server would tell it that deviates from its documentation. */
export function distortView(view: TaskView, fault: Fault | undefined): TaskView {
  if (fault?.kind === 'unknownStatus') return { ...view, status: fault.status ?? 'POLISHING' }
  if (fault?.kind === 'noModel') return 'model_urls' in view ? { ...view, model_urls: {} } : view
  if (fault?.kind === 'nullFields') return nullUnset(view)
  return distortFields(view, fault)
}

/** What else a list holds. */
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

/** JSON leaves out what is `undefined`. */
function withFields(view: TaskView, fields: Record<string, unknown>): TaskView {
  const told = Object.entries(fields).map(([name, field]) => {
    return [name, typeof field === 'function' ? (field as (value: unknown) => unknown)(view[name]) : field]
  })
  return { ...view, ...Object.fromEntries(told) }
}

/** Seen in the wild: unset times are null, formats that were not made are empty strings, empty lists are absent. */
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
