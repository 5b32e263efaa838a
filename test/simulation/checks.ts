import { createHash } from 'node:crypto'
import type { Outcome } from './build.ts'
import type { File, Folder } from './disk.ts'
import { PRICE, type History, type Run } from './history.ts'
import { diskOf, type Machine } from './machine.ts'
import { isCharged, type PaidTask } from './service.ts'

/** What is wrong with a history: nothing, where the promises were kept. */
export function check(history: History): string[] {
  const checks = [broken, charges, permissions, budgets, endings, takeovers, leases, bytes, bucket]
  return checks.flatMap((check) => check(history))
}

function broken({ broken: errors }: History): string[] {
  return errors.map(
    (error) => `broke: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
  )
}

/** A key is charged once, by whoever could know of the others. */
function charges({ service, world, places, runs, quiet }: History): string[] {
  const keys = new Set(service.tasks.map(({ key }) => key))
  const placeOf = (task: PaidTask) =>
    places.indexOf([...runs, ...quiet].find(({ process }) => process === task.payer)?.place ?? NOWHERE)
  return [...keys].flatMap((key) => {
    const charged = service.chargesOf(key)
    const second = charged.find((task, index) =>
      charged
        .slice(0, index)
        .some((other) => couldKnow(world, { other, task, isSame: placeOf(other) === placeOf(task) })),
    )
    return second
      ? [`${key} was charged ${charged.length} times: ${charged.map(({ id }) => id).join(', ')}`]
      : []
  })
}

const NOWHERE = {} as History['places'][number]
/** How long before its submission a process has looked at the account for the last time, at most. */
const LOOK_MS = 6_000

/** Where nothing decides who is first, the account does: who submits when another task shows there has no excuse. */
function couldKnow(
  { setting, habits }: History['world'],
  { other, task, isSame }: { other: PaidTask; task: PaidTask; isSame: boolean },
): boolean {
  if (isSame) return true
  // Of a failure that was charged nobody tells the others but the account.
  const isTold = !isAlone({ setting }) && other.fate === 'model'
  if (isTold) return true
  return habits.echo === 'whole' && other.name !== undefined && other.createdAt + LOOK_MS < task.sentAt
}

/** Whether machines have nothing in common that decides who is first. */
function isAlone({ setting }: Pick<History['world'], 'setting'>): boolean {
  return setting === 'strangers' || setting === 'a team with a bad store'
}

/** Only a mode that may pay has paid. */
function permissions({ network }: History): string[] {
  return network.submissions.flatMap(({ payer, key, mode }) =>
    mode === 'generate' ? [] : [`${payer.name} paid for ${key} in ${mode}`],
  )
}

/** Nobody spends more than allowed, nor counts as spent what was not. */
function budgets({ runs, quiet, network }: History): string[] {
  return [...runs, ...quiet].flatMap(({ process, maxCredits, done }) => {
    const own = network.submissions.filter(({ payer }) => payer === process)
    const charged = own.filter(({ task }) => task && isCharged(task)).length * PRICE
    const doubtful =
      own.filter(({ task, isKnown }) => (task ? isCharged(task) || !isKnown : !isKnown)).length * PRICE
    const faults: string[] = []
    if (charged > maxCredits) faults.push(`${process.name} spent ${charged} of ${maxCredits} credits`)
    if (done && done.reserved < charged)
      faults.push(`${process.name} counts ${done.reserved} of ${charged} credits`)
    if (done && done.reserved > doubtful)
      faults.push(`${process.name} counts ${done.reserved} credits, and may have spent ${doubtful}`)
    return faults
  })
}

/** When everything is calm, each model is there, or a record says why not. */
function endings(history: History): string[] {
  const { quiet, places, service } = history
  const faults = quiet.flatMap(({ done, process, charged }) =>
    done
      ? done.outcomes.flatMap((outcome) =>
          faultOf(history, outcome, { who: process.name, charged: charged?.get(outcome.key) ?? [] }),
        )
      : [`${process.name} did not come to an end`],
  )
  const second = quiet.slice(places.length)
  // What somebody canceled, and was given back, the next run may pay for: the first of the quiet ones has heard of it.
  const canceled = quiet
    .slice(0, places.length)
    .flatMap(({ done }) => done?.outcomes.filter(({ code }) => code === 'MESHY_TASK_CANCELED') ?? [])
  const again = second.filter(({ process }) =>
    service.tasks.some(({ payer, key }) => payer === process && !canceled.some((one) => one.key === key)),
  )
  return [...faults, ...again.map(({ process }) => `${process.name} paid although all was calm before`)]
}

/** A store that falters takes nothing from anybody: only another holder of a lease does. */
function takeovers({ runs, world, bucket: objects }: History): string[] {
  if (world.setting !== 'a team with a bad store') return []
  const holdersOf = (key: string) =>
    [...objects].flatMap(([name, text]) =>
      name.startsWith(`leases/${key}.`) ? [(JSON.parse(String(text)) as { holder: string }).holder] : [],
    )
  return runs.flatMap(({ process, done }) =>
    (done?.outcomes ?? []).flatMap(({ key, code }) =>
      code === 'MESHY_ABORTED' && new Set(holdersOf(key)).size < 2
        ? [`${process.name} gave ${key} up, which nobody took over`]
        : [],
    ),
  )
}

function faultOf(
  { network, runs, world }: History,
  { key, state, code, message, details }: Outcome,
  { who, charged }: { who: string; charged: string[] },
): string[] {
  if (code === undefined) return state === 'ready' ? [] : [`${who}: ${key} is ${state}`]
  const own = network.submissions.filter((submission) => submission.key === key)
  const told = `${who}: ${key} is ${state}: ${code}: ${message}`
  if (code === 'MESHY_SUBMIT_UNKNOWN') {
    // What the dead have sent and heard, nobody knows.
    const isDoubtful =
      runs.some(({ process }) => process.state === 'dead') || own.some(({ isKnown }) => !isKnown)
    const named = details?.['candidates']
    // Where nobody decides who is first, others have paid as well, and know what for.
    // So does another folder of what was charged and failed there, which no name tells of.
    const failed = new Set(own.flatMap(({ task }) => (task?.fate === 'charged failure' ? task.id : [])))
    const isNamed =
      isAlone(world) || charged.every((id) => failed.has(id) || (Array.isArray(named) && named.includes(id)))
    return isDoubtful && isNamed ? [] : [told]
  }
  const isFailure = own.some(({ task }) => task && task.fate !== 'model')
  const isRefusal = own.some(({ refusal }) => refusal)
  return (/^MESHY_TASK_(FAILED|CANCELED)$/.test(code) && isFailure) ||
    (/CREDITS_EXHAUSTED|REJECTED/.test(code) && isRefusal)
    ? []
    : [told]
}

/** Nobody who came to an end keeps a lease. */
function leases({ places }: History): string[] {
  return places.flatMap(({ machine, root }) => {
    const folder = diskOf(machine, root).find(`${root}/.meshy/leases`)
    return folder?.kind === 'folder' ? heldIn(folder, machine) : []
  })
}

function heldIn(folder: Folder, { name, processes }: Machine): string[] {
  return [...folder.names].flatMap(([file, node]) => {
    if (node.kind !== 'file' || file.startsWith('.') || file.includes('.')) return []
    // A power cut may have taken what it says.
    const [, pid, machine] = /"pid":(\d+),.*"machine":"(\w+)"/.exec(node.data.toString()) ?? []
    const found = machine === name && processes.find((other) => other.pid === Number(pid))
    return found && found.state === 'ended' ? [`${found.name} has ended and holds ${file}`] : []
  })
}

/** Every file of every entry is there and is what the service made. */
function bytes(history: History): string[] {
  const { places, quiet } = history
  return places.flatMap((place, index) => {
    const disk = diskOf(place.machine, place.root)
    const root = `${place.root}/.meshy`
    const ready = quiet.findLast(({ plan }) => plan.place === index)
    const keys = readyKeys(ready)
    return keys.flatMap((key) => {
      const record = disk.find(`${root}/entries/${key}.json`)
      const pinned = place.pins ? pinnedIn(disk.find(`${place.root}/meshy-lock.json`), key) : undefined
      const entry = pinned ?? (record?.kind === 'file' ? JSON.parse(record.data.toString()) : undefined)
      if (!entry) return [`${key} is ready and has no entry in ${place.root}`]
      const { sha256, ext } = entry.files.glb
      // A power cut may take or tear what others have as well, and leave its copy for the bundler: both are checked when read.
      const copies = [
        disk.find(`${root}/blobs/${sha256.slice(0, 2)}/${sha256}.${ext}`),
        firstIn(disk.find(`${root}/out/${key}`)),
      ].filter((file) => file?.kind === 'file')
      const blob = copies.find(({ data }) => digestOf(data) === sha256) ?? copies[0]
      if (!blob) return [`${key} lacks its bytes in ${place.root}`]
      return wrongBytes(history, { key, sha256, blob })
    })
  })
}

function firstIn(folder: File | Folder | undefined): File | Folder | undefined {
  return folder?.kind === 'folder' ? [...folder.names.values()][0] : undefined
}

function readyKeys(run: Run | undefined): string[] {
  return (run?.done?.outcomes ?? [])
    .filter(({ state, code }) => state === 'ready' && code === undefined)
    .map(({ key }) => key)
}

function pinnedIn(lockfile: File | Folder | undefined, key: string) {
  if (lockfile?.kind !== 'file') return undefined
  return JSON.parse(lockfile.data.toString()).models[key]
}

function wrongBytes(
  { service }: History,
  { key, sha256, blob }: { key: string; sha256: string; blob: File },
): string[] {
  if (digestOf(blob.data) !== sha256) return [`the blob of ${key} has other bytes than its name says`]
  const isOurs = service.chargesOf(key).some(({ model }) => model.equals(blob.data))
  return isOurs ? [] : [`the model of ${key} is none that was paid for it`]
}

/** What the team finds, it can have. */
function bucket({ bucket: objects }: History): string[] {
  return [...objects].flatMap(([name, data]) => {
    if (!name.startsWith('entries/')) return []
    const { entry = {}, files = entry.files } = JSON.parse(data.toString())
    const { sha256 } = files.glb
    const found = objects.get(`cas/${sha256.slice(0, 2)}/${sha256}`)
    return found && digestOf(found) === sha256 ? [] : [`the team has ${name} without its bytes`]
  })
}

function digestOf(data: Buffer): string {
  return createHash('sha256').update(data).digest('hex')
}
