import type { Document, Node } from '@gltf-transform/core'
import type { Tools } from '../libraries.ts'

/** Whether a document has nodes that could become one. */
export function isJoinable(document: Document): boolean {
  return document.getRoot().listNodes().filter(isNobodys).length > 1
}

/** Joins meshes that nothing can ask for by name, and takes out the nodes that are empty after that. */
export async function joinUnnamed(document: Document, { functions }: Tools): Promise<void> {
  const candidates = document.getRoot().listNodes().filter(isNobodys)
  await document.transform(functions.join({ filter: isNobodys, cleanup: false }))
  for (const node of candidates) {
    if ((node.getMesh()?.listPrimitives().length ?? 0) > 0) continue
    node.getMesh()?.dispose()
    node.dispose()
  }
}

/** Neither it nor its mesh has a name or extras, and nothing else hangs on it. */
function isNobodys(node: Node): boolean {
  const mesh = node.getMesh()
  if (!mesh || node.getSkin() || node.getCamera()) return false
  const isBare = [node, mesh].every(
    (owner) => !owner.getName() && Object.keys(owner.getExtras()).length === 0,
  )
  const others = node.listParents().filter(({ propertyType }) => !HOLDERS.has(propertyType))
  return (
    isBare && node.listChildren().length === 0 && node.listExtensions().length === 0 && others.length === 0
  )
}

/** What holds every node; a clip or a skin holds one for a reason. */
const HOLDERS = new Set(['Root', 'Scene', 'Node'])
