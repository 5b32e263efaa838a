import { formatBytes, formatCount, formatSize } from './format.js'

const STATES = {
  ready: 'the real model',
  pending: 'a stand-in, the real one is on its way',
  preview: 'a stand-in',
}

/** One entry of the gallery: image, rotating model, import line, facts. */
export function createCard(name, stage) {
  const picture = Object.assign(document.createElement('img'), {
    alt: `Picture of a ${name}`,
    decoding: 'async',
  })
  const canvas = document.createElement('canvas')
  canvas.setAttribute('role', 'img')
  const badge = create('span', 'badge')
  const specifier = document.createElement('code')
  const facts = document.createElement('dl')
  const problem = create('p', 'problem')
  const view = stage.add(canvas)
  const status = { name, url: undefined, loaded: false, error: undefined, canvas }

  const title = create('h2', '', name)
  title.append(badge)
  const element = create('li', 'card')
  element.append(
    create('div', 'pair', picture, canvas),
    title,
    create('p', 'import', specifier),
    facts,
    problem,
  )

  async function update(model) {
    const { url, metadata } = model.asset
    picture.src = model.picture
    canvas.setAttribute('aria-label', `Model of a ${name}, ${formatCount(metadata.triangles)} triangles`)
    badge.textContent = metadata.state
    badge.dataset.state = metadata.state
    badge.title = STATES[metadata.state]
    specifier.textContent = withBreaks(model.specifier.replace('./images/', './'))
    facts.replaceChildren(...listFacts(metadata))
    if (url !== status.url) await load(url)
  }

  async function load(url) {
    Object.assign(status, { url, loaded: false, error: undefined })
    try {
      await view.load(url)
      if (status.url === url) status.loaded = true
    } catch (error) {
      status.error = String(error)
      problem.textContent = `The model could not be shown: ${error.message}`
    }
  }

  return { element, status, update }
}

function listFacts({ triangles, bytes, bounds, key, source }) {
  const facts = {
    triangles: formatCount(triangles),
    bytes: formatBytes(bytes),
    size: formatSize(bounds.size),
    source,
    key,
  }
  return Object.entries(facts).map(([name, value]) =>
    create('div', name, create('dt', '', name), create('dd', '', value)),
  )
}

/** Allows a line break between the directives of a long specifier. */
function withBreaks(specifier) {
  return specifier.replaceAll('&', '\u200B&')
}

function create(tag, className, ...children) {
  const element = document.createElement(tag)
  if (className) element.className = className
  element.append(...children)
  return element
}
