import PQueue from 'p-queue'
import { isMeshyError, MeshyError } from '../system/errors.ts'
import { packagesOf, stepsOf, type DerivationPlan } from '../finding/steps.ts'
import type { Request, SourceImage } from '../request/request.ts'
import { probeStore } from '../store/probe.ts'
import type { Candidate } from './batch.ts'
import type { Ports } from './ports.ts'
import { assertShowsSomething } from './picture-proof.ts'

/** Pictures that are decoded at once: each takes as much memory as it has pixels. */
const DECODES_AT_ONCE = 2

/**
 * Which candidates of a batch must not be paid, and why: what they need on this machine is not there. A cache and a
 * lockfile that can be written, the packages of their derivations, pictures that show something. In a build, one that
 * must not keeps the others from being paid as well: it fails anyway.
 */
export async function findRefusals(
  ports: Ports,
  candidates: readonly Candidate[],
): Promise<Map<Candidate, MeshyError>> {
  if (candidates.length === 0) return new Map()
  const unwritable = await refusalOf(() => probe(ports))
  const found = new Map<Candidate, MeshyError>()
  const pictures = new PictureCheck(ports)
  await Promise.all(
    candidates.map(async (candidate) => {
      const refusal = unwritable ?? (await refusalOf(() => assertMet(ports, candidate.request, pictures)))
      if (refusal) found.set(candidate, refusal)
    }),
  )
  if (found.size === 0 || ports.models.isLive) return found
  return new Map(candidates.map((candidate) => [candidate, found.get(candidate) ?? notSubmitted()]))
}

async function assertMet(ports: Ports, request: Request, pictures: PictureCheck): Promise<void> {
  const { models } = ports
  // Imports of a key share one model, and the first one is paid for all. Where a server runs, imports come and go: what
  // one of them wanted a while ago stops nobody.
  const requests = models.isLive ? [request] : [request, ...models.requestsOf(request.key)]
  const plans = requests.flatMap(plansIn)
  await assertDerivable(ports, request, plans)
  for (const image of picturesOf(request)) await pictures.assert(image)
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

/** What happens to a model that could be paid, in a build that fails for another one. */
export function notSubmitted(): MeshyError {
  return new MeshyError('MESHY_NOT_SUBMITTED', {
    message: 'Nothing was submitted, because another import of this build failed.',
    hint: 'Fix the other import, then build again.',
  })
}
