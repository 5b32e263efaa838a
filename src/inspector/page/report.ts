import type { Inspection } from '../model.ts'
import { Stage } from './stage.ts'
import { View } from './view.ts'

// One file without a server: everything is in the page, pictures and models as data URLs.
const text = document.querySelector('#meshy-report')?.textContent
let stage: Stage | undefined
const view = new View({ loadViewer: async () => (stage ??= new Stage()) })
if (text) view.update(JSON.parse(text) as Inspection)
