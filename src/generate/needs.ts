import PQueue from 'p-queue'
import { isMeshyError, MeshyError } from '../system/errors.ts'
import { packagesOf, stepsOf, type DerivationPlan } from '../finding/steps.ts'
import type { Request, SourceImage } from '../request/request.ts'
import { probeStore } from '../store/probe.ts'
import type { Candidate } from './batch.ts'
import type { NeedsOfRequests, Ports } from './ports.ts'
import { notSubmitted } from './not-submitted.ts'
import { assertShowsSomething } from './picture-proof.ts'

/** Pictures that are decoded at once: each takes as much memory as it has pixels. */
const DECODES_AT_ONCE = 2

/**
 * What requests need on this machine: a cache and a lockfile that can be written, the packages of their derivations,
 * pictures that show something. All of it is known before anything is paid.
 */
export class Needs implements NeedsOfRequests {
  /** What the imports of a run want to be derived, by key: they share one model, and the first one is paid for all. */
  #plans = new Map<string, Map<string, DerivationPlan>>()

  add(request: Request): void {
    const { key } = request
    const plans = this.#plans.get(key) ?? new Map<string, DerivationPlan>()
    for (const plan of plansIn(request)) plans.set(stepsOf(plan).join(), plan)
    this.#plans.set(key, plans)
  }

  /**
   * Which candidates of a batch must not be paid, and why. In a build, one that must not keeps the others from being paid
   * as well: it fails anyway.
   */
  async refusals(ports: Ports, candidates: readonly Candidate[]): Promise<Map<Candidate, MeshyError>> {
    if (candidates.length === 0) return new Map()
    const unwritable = await refusalOf(() => probe(ports))
    const found = new Map<Candidate, MeshyError>()
    const pictures = new PictureCheck(ports)
    await Promise.all(
      candidates.map(async (candidate) => {
        const { request } = candidate
        const refusal = unwritable ?? (await this.#refusalOf(ports, { request, pictures }))
        if (refusal) found.set(candidate, refusal)
      }),
    )
    if (found.size === 0 || ports.models.isLive) return found
    return new Map(candidates.map((candidate) => [candidate, found.get(candidate) ?? notSubmitted()]))
  }

  async #refusalOf(
    ports: Ports,
    { request, pictures }: { request: Request; pictures: PictureCheck },
  ): Promise<MeshyError | undefined> {
    const plans = this.#plansOf(ports, request)
    return refusalOf(async () => {
      await assertDerivable(ports, request, plans)
      for (const image of picturesOf(request)) await pictures.assert(image)
    })
  }

  /** Where a server runs, imports come and go: what one of them wanted a while ago stops nobody. */
  #plansOf({ models: { isLive } }: Ports, request: Request): DerivationPlan[] {
    const known = isLive ? undefined : this.#plans.get(request.key)
    return known ? [...known.values()] : plansIn(request)
  }
}

function plansIn({ derivation, lods }: Request): DerivationPlan[] {
  return [derivation, ...lods.map((level) => ({ ...derivation, level }))]
}

/** @throws {MeshyError} MESHY_DERIVE_UNAVAILABLE naming the packages */
async function assertDerivable(
  { options }: Ports,
  { imageName }: Request,
  plans: readonly DerivationPlan[],
): Promise<void> {
  const steps = plans.flatMap((plan) => stepsOf(plan))
  if (steps.length === 0 && options.transforms.length === 0) return
  const { requirePackages } = await import('../derive/libraries.ts')
  try {
    await requirePackages([...new Set(plans.flatMap((plan) => packagesOf(plan)))])
  } catch (error) {
    throw isMeshyError(error) ? told(error, `\`${imageName}\`: ${error.message}`) : error
  }
}

async function probe({ store, options }: Ports): Promise<void> {
  try {
    await store.prepare()
    await probeStore(store.layout, options.lockfile)
  } catch (error) {
    throw isMeshyError(error) ? told(error, error.message) : error
  }
}

function told({ code, hint, details, cause }: MeshyError, message: string): MeshyError {
  return new MeshyError(code, { message: `${message} Nothing was submitted.`, hint, details, cause })
}

/** Looks at the pictures of a batch, each once, a few at a time. */
class PictureCheck {
  readonly #ports: Ports
  readonly #turns = new PQueue({ concurrency: DECODES_AT_ONCE })
  #checks = new Map<string, Promise<void>>()

  constructor(ports: Ports) {
    this.#ports = ports
  }

  assert(image: SourceImage): Promise<void> {
    const known = this.#checks.get(image.file) ?? this.#turns.add(() => this.#look(image))
    this.#checks.set(image.file, known)
    return known
  }

  async #look(image: SourceImage): Promise<void> {
    const { store, signal } = this.#ports
    await assertShowsSomething(image, await store.images.readBytes(image, signal))
  }
}

function picturesOf({ images, textureImages }: Request): SourceImage[] {
  return [...images, ...textureImages].flatMap((image) => ('file' in image ? [image] : []))
}

async function refusalOf(check: () => Promise<void>): Promise<MeshyError | undefined> {
  try {
    await check()
    return undefined
  } catch (error) {
    if (isMeshyError(error)) return error
    throw error
  }
}
