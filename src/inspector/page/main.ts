import type { Inspection } from '../model.ts'
import type { Stage } from './stage.ts'
import { View } from './view.ts'

const FAST_MS = 1_000
const SLOW_MS = 3_000

const loadDraco = async () => (await import('./served-draco.ts')).dracoLoader

let stage: Promise<Stage> | undefined
const view = new View({
  loadViewer: () => (stage ??= import('./stage.ts').then(({ Stage }) => new Stage(loadDraco))),
  actions: { generate: (keys) => void post('generate', keys), retry: (keys) => void post('retry', keys) },
})
const token = document.querySelector<HTMLMetaElement>('meta[name="meshy-token"]')?.content ?? ''
let timer: ReturnType<typeof setTimeout> | undefined

document.addEventListener('visibilitychange', () => void refresh())
await refresh()

/** Asks again and again while somebody is looking: faster while something is on its way. */
async function refresh(): Promise<void> {
  clearTimeout(timer)
  if (document.hidden) return
  const isBusy = await read()
  clearTimeout(timer)
  timer = setTimeout(() => void refresh(), isBusy ? FAST_MS : SLOW_MS)
}

async function read(): Promise<boolean> {
  try {
    const answer = await fetch('assets.json')
    if (!answer.ok) throw new Error(await answer.text())
    const inspection = (await answer.json()) as Inspection
    view.update(inspection)
    view.notify(undefined)
    return inspection.models.some(({ state }) => state === 'pending')
  } catch (error) {
    view.notify(`The server does not respond: ${error instanceof Error ? error.message : String(error)}`)
    return false
  }
}

async function post(action: 'generate' | 'retry', keys: string[]): Promise<void> {
  const answer = await fetch(action, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-meshy-token': token },
    body: JSON.stringify({ keys }),
  })
  await refresh()
  if (!answer.ok) view.notify(await answer.text())
}
