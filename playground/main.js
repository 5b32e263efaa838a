import './style.css'
import { createCard } from './card.js'
import { formatBytes, formatCount } from './format.js'
import { models } from './models.js'
import { createStage } from './stage.js'

const gallery = document.querySelector('#gallery')
const stage = createStage()
const cards = new Map()

show(models)
turnOnRequest(document.querySelector('#turning'))

// In dev, a stand-in is replaced while the page is open: only the card whose model changed is drawn again.
import.meta.hot?.accept('./models.js', (next) => show(next.models))

function show(models) {
  for (const model of models) {
    let card = cards.get(model.name)
    if (!card) {
      card = createCard(model.name, stage)
      cards.set(model.name, card)
      gallery.append(card.element)
    }
    card.update(model)
  }
  document.querySelector('#summary').textContent = summarise(models)
  // For the test of this page, which waits until every model is present.
  globalThis.playgroundModels = [...cards.values()].map((card) => card.status)
}

function summarise(models) {
  const sum = (fact) => models.reduce((total, { asset }) => total + asset.metadata[fact], 0)
  return `${models.length} models · ${formatCount(sum('triangles'))} triangles · ${formatBytes(sum('bytes'))}`
}

function turnOnRequest(button) {
  const still = matchMedia('(prefers-reduced-motion: reduce)')
  const turn = (on) => {
    stage.turn(on)
    button.setAttribute('aria-pressed', String(on))
  }
  button.addEventListener('click', () => turn(button.getAttribute('aria-pressed') !== 'true'))
  still.addEventListener('change', () => turn(!still.matches))
  turn(!still.matches)
}
