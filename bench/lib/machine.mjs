import { readFile } from 'node:fs/promises'
import { cpus, totalmem, type } from 'node:os'

const PACKAGES = ['vite', 'rolldown', 'vite-imagetools', '@gltf-transform/cli', 'sharp']

/** Date, kind of machine and versions, as a paragraph. */
export async function describeMachine({ loadBefore, loadAfter }) {
  const versions = await Promise.all(PACKAGES.map(async (name) => `${name} ${await versionOf(name)}`))
  const date = new Date().toISOString().slice(0, 10)
  const gigabytes = Math.round(totalmem() / 2 ** 30)
  const load = `load ${loadBefore.toFixed(1)} before and ${loadAfter.toFixed(1)} after`
  return `${date}; ${cpus().length} cores, ${gigabytes} GB, ${type()}, Node.js ${process.versions.node}; ${load}; ${versions.join(', ')}.`
}

async function versionOf(name) {
  const file = new URL(`../../node_modules/${name}/package.json`, import.meta.url)
  return JSON.parse(await readFile(file, 'utf8')).version
}
