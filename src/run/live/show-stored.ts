import { classify } from '../../finding/classify.ts'
import type { Request } from '../../request/request.ts'
import { readyAsset } from '../asset.ts'
import type { RunPorts } from '../context.ts'

/** Shows what is stored now. Its module is loaded again only where a page is open that wants it. */
export async function showStored(ports: RunPorts, request: Request): Promise<void> {
  const { entry, ...finding } = await classify(ports, request)
  if (!entry || finding.state !== 'ready') return
  const ready = readyAsset({ ...finding, entry }, request)
  ports.models.served(request, finding.derivation ? { ...ready, isProvisional: true } : ready)
}
