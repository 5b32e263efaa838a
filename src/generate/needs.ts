import PQueue from 'p-queue'
import { isMeshyError, MeshyError } from '../system/errors.ts'
import { packagesOf, stepsOf, type DerivationPlan } from '../finding/steps.ts'
import type { Request, SourceImage } from '../request/request.ts'
import { probeStore } from '../store/probe.ts'
import type { Candidate } from './batch.ts'
import type { Ports } from './ports.ts'
import { assertShowsSomething } from './picture-proof.ts'

/** Images that are decoded at once: each takes memory in proportion to its pixels. */
const DECODES_AT_ONCE = 2

/**
 * Which candidates of a batch must not be paid for, and why: something that they need on this machine is missing. They
 * need a writable cache and lockfile, the packages of their derivations, and images that show something. In a build,
 * one refusal also keeps the others from being paid: the build fails anyway.
 */
export async function findRefusals(
  ports: Ports,
  candidates: readonly Candidate[],
): Promise<Map<Candidate, MeshyError>> {
  if (candidates.length === 0) return new Map()
  const unwritable = await refusalOf(() => probe(ports))
  const found = new Map<Candidate, MeshyError>()
  const checkPicture = createPictureCheck(ports)
  await Promise.all(
    candidates.map(async (candidate) => {
      const refusal = unwritable ?? (await refusalOf(() => assertMet(ports, candidate.request, checkPicture)))
      if (refusal) found.set(candidate, refusal)
    }),
  )
  if (found.size === 0 || ports.models.isLive) return found
  return new Map(candidates.map((candidate) => [candidate, found.get(candidate) ?? notSubmitted()]))
}

async function assertMet(
  ports: Ports,
  request: Request,
  checkPicture: (image: SourceImage) => Promise<void>,
): Promise<void> {
  const { models } = ports
  // Imports of a key share one model, and the first one pays for all. While a server runs, imports come and go: what
  // one of them wanted a while ago must not stop the others.
  const requests = models.isLive ? [request] : [request, ...models.requestsOf(request.key)]
  const lack = await findLack(ports, requests)
  if (lack) throw told(lack, `\`${request.imageName}\`: ${lack.message}`)
  for (const image of [...request.images, ...request.textureImages]) {
    if ('file' in image) await checkPicture(image)
  }
}

function plansIn({ derivation, lods }: Request): DerivationPlan[] {
  return [derivation, ...lods.map((level) => ({ ...derivation, level }))]
}

/** Names the packages that this machine lacks for what requests derive; undefined if it lacks none. */
export async function findLack(
  { options }: Pick<Ports, 'options'>,
  requests: readonly Request[],
): Promise<MeshyError | undefined> {
  const plans = requests.flatMap(plansIn)
  const steps = plans.flatMap((plan) => stepsOf(plan))
  if (steps.length === 0 && options.transforms.length === 0) return undefined
  const { requirePackages } = await import('../derive/libraries.ts')
  return refusalOf(() => requirePackages([...new Set(plans.flatMap((plan) => packagesOf(plan)))]))
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

/** Checks the images of a batch, each once, a few at a time. */
function createPictureCheck({ store, signal }: Ports): (image: SourceImage) => Promise<void> {
  const turns = new PQueue({ concurrency: DECODES_AT_ONCE })
  const checks = new Map<string, Promise<void>>()
  const look = async (image: SourceImage) =>
    assertShowsSomething(image, await store.images.readBytes(image, signal))
  return (image) => {
    const check = checks.get(image.file) ?? turns.add(() => look(image))
    checks.set(image.file, check)
    return check
  }
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

/** The error of a model that could be paid for, in a build that fails because of another one. */
export function notSubmitted(): MeshyError {
  return new MeshyError('MESHY_NOT_SUBMITTED', {
    message: 'Nothing was submitted, because another import of this build failed.',
    hint: 'Fix the other import, then build again.',
  })
}
