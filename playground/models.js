import { assets } from './imports.js'

/** The images themselves, as any page imports them. */
const pictures = import.meta.glob('./images/*.{png,jpg}', { query: '?url', import: 'default', eager: true })
const sources = import.meta.glob('./imports.js', { query: '?raw', import: 'default', eager: true })

/**
 * What the page shows: the asset of each import, and the specifier that it was imported with, read from the source so
 * that the two cannot differ.
 */
export const models = [...sources['./imports.js'].matchAll(/^import (\w+) from '(.+)'$/gm)].map(
  ([, name, specifier]) => ({
    name,
    specifier,
    picture: pictureOf(specifier),
    asset: assets[name],
  }),
)

/** The imported image; a recipe is represented by its first. */
function pictureOf(specifier) {
  const path = specifier.split('?', 1)[0].replace('.meshy.json', '.png')
  return pictures[path]
}
