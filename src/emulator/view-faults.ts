import type { Fault } from './fault.ts'
import type { TaskView } from './task-view.ts'

/** The task as a server would tell it that deviates from its documentation. */
export function distortView(view: TaskView, fault: Fault | undefined): TaskView {
  if (fault?.kind === 'unknownStatus') return { ...view, status: fault.status ?? 'POLISHING' }
  if (fault?.kind === 'noModel') return 'model_urls' in view ? { ...view, model_urls: {} } : view
  if (fault?.kind === 'nullFields') return nullUnset(view)
  return view
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
