import { createHasher } from '../../src/request/fingerprint.ts'
import { readRequest } from '../../src/request/read-request.ts'
import type { Request } from '../../src/request/request.ts'
import { makePng, toDataUri } from '../glb/pictures.ts'
import { open } from './build.ts'
import { Chance } from './chance.ts'
import { Disk, syncNode } from './disk.ts'
import type { Scenery } from './history.ts'
import { here, SHARED, type Machine } from './machine.ts'
import { Scheduler, type Process } from './scheduler.ts'

const ROOTS = ['/projects/one', '/projects/two', `${SHARED}/project`]
const PICTURES = ['hero.png', 'tree.png']

/** Projects as they are after a first start: made once, since that takes longer than a history. */
export async function buildScenery(): Promise<Scenery> {
  const scheduler = new Scheduler(new Chance(1), { switches: 0, naps: 0 })
  const random = new Chance(2)
  here.scheduler = scheduler
  here.random = () => random.next()
  const disk = new Disk()
  const machine: Machine = { name: 'm0', disk, shared: undefined, ahead: 0, boots: 1, processes: [] }
  const process: Process = {
    name: 'first',
    machine,
    pid: 1,
    state: 'running',
    steps: 0,
    diesAt: Infinity,
    death: 'kill',
    asleepUntil: 0,
  }
  machine.processes.push(process)
  scheduler.current = process
  for (const folder of ['/projects', '/home', '/tmp', SHARED, ...ROOTS])
    disk.makeFolder(folder, scheduler.now)
  const pictures = PICTURES.map((_, index) => Buffer.from(makePng(4, 2, { color: [index * 20, 80, 40] })))
  const hasher = await createHasher()
  const requests = new Map<string, Request[]>()
  for (const root of ROOTS) {
    for (const [index, name] of PICTURES.entries()) {
      const file = disk.create('open', `${root}/${name}`, { now: scheduler.now, exclusive: true })
      file.data = pictures[index] ?? file.data
    }
    scheduler.current = process
    const place = { machine, root, pins: true, machineStore: false, hasTeam: false } as const
    const ports = open({ process, place, mode: 'generate', maxCredits: 0 }, hasher)
    requests.set(
      root,
      await Promise.all(
        PICTURES.map((name) =>
          readRequest({
            file: `${root}/${name}`,
            directives: {},
            emulated: false,
            images: ports.store.images,
            hasher,
          }),
        ),
      ),
    )
    await ports.store.prepare()
  }
  syncNode(disk.root)
  const keys = new Map(
    (requests.get('/projects/one') ?? []).map(({ key }, index) => [
      toDataUri(pictures[index] ?? Buffer.alloc(0)),
      key,
    ]),
  )
  return { hasher, disk: disk.clone(), requests, keys }
}
