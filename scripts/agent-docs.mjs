// What coding agents are told beyond the tables of the documentation.

const SKILL = `---
name: unplugin-meshy
description: Use when a project imports images as 3D models ('./hero.png?meshy'), has a meshy-lock.json, or should show a 3D model made from an image. Explains how to import, configure and check models in CI, what costs money, and which commands never pay.
---

`

/** The skill: the text of `llms.txt`, with the header by which agents find it. */
export function skillPage(llms) {
  return SKILL + llms
}

/** @param estimate credits of a request */
export function priceRows(estimate) {
  const requests = {
    '`?meshy`': {},
    '`no-texture`': { should_texture: false },
    '`model=meshy-5`': { ai_model: 'meshy-5' },
    '`model=meshy-5&no-texture`': { ai_model: 'meshy-5', should_texture: false },
    '`texture_resolution=8k`': { texture_resolution: '8k' },
    '`geometry_resolution=2k` or `4k`': { geometry_resolution: '2k' },
  }
  return Object.entries(requests).map(([request, params]) => [request, String(estimate({ params }))])
}

/** The commands with their meaning, and whether they pay. */
export async function commandRows(main) {
  const commands = []
  // One after the other: the loader hands out a command that is still being loaded for another one.
  for (const load of Object.values(main.subCommands)) commands.push(await load())
  return commands.map(({ meta, pays }) => [`\`${meta.name}\``, meta.description, pays ? '**pays**' : 'never'])
}

/** The codes of failures that may have cost something. */
export function paidErrorRows(failures) {
  const paid = Object.entries(failures).filter(([, failure]) => failure.paid !== 'no')
  return paid.map(([code, failure]) => [`\`${code}\``, failure.cause, failure.next])
}
