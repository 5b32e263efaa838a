import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { finishSharing } from '../../../../src/store/shared/shared-stores.ts'
import { makePng } from '../../../glb/pictures.ts'
import { openRun } from '../../../support/run.ts'

/** What one machine of a team does. */
export interface MachinePlan {
  /** Where its projects are. */
  folder: string
  url: string
  apiKey: string
  rounds: number
  /** Answers when everybody has come: `<meet>/<round>`. */
  meet: string
}

// One machine of a team, round after round with a project of its own: `machine.ts <plan as JSON>`. Its store of the machine
// is where its environment says. For each round it prints the digest of its model.
const { folder, url, apiKey, rounds, meet }: MachinePlan = JSON.parse(process.argv[2] ?? '')
for (let round = 0; round < rounds; round += 1) {
  const root = path.join(folder, String(round))
  await mkdir(root, { recursive: true })
  await writeFile(path.join(root, 'package.json'), '{}')
  await writeFile(path.join(root, 'hero.png'), makePng(4, 2, { color: [round, 80, 40] }))
  const { load, context } = await openRun({
    root,
    service: { url, apiKey },
    options: { emulated: false, machineStore: undefined },
    env: process.env,
  })
  await fetch(`${meet}/${round}`)
  const { metadata } = await load('hero.png?meshy')
  await finishSharing(context.ports)
  console.log(metadata.integrity)
}
