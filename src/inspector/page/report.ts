import { DRACOLoader } from 'three/addons/loaders/DRACOLoader.js'
import type { Inspection } from '../model.ts'
import { Stage } from './stage.ts'
import { View } from './view.ts'

// One file without a server: everything is in the page, with images and models as data URLs.
const text = document.querySelector('#meshy-report')?.textContent
let stage: Stage | undefined
const view = new View({ loadViewer: async () => (stage ??= new Stage(loadDraco)) })
if (text) view.update(JSON.parse(text) as Inspection)

/** The decoder is in the file if one of its models needs it. */
async function loadDraco() {
  const urlOf = (id: string) => document.getElementById(id)?.textContent ?? ''
  return new DRACOLoader().setDecoderPath({ js: urlOf('meshy-draco-js'), wasm: urlOf('meshy-draco-wasm') })
}
