import type { Accessor, Document, Primitive } from '@gltf-transform/core'

/** Why a document is no whole model that viewers can show; undefined when it is one. */
export function faultOf(document: Document): string | undefined {
  const root = document.getRoot()
  for (const mesh of root.listMeshes()) {
    for (const primitive of mesh.listPrimitives()) {
      const fault = primitiveFault(primitive)
      if (fault) return `the mesh \`${mesh.getName()}\` ${fault}`
    }
  }
  return skinFault(document) ?? clipFault(document)
}

function primitiveFault(primitive: Primitive): string | undefined {
  const positions = primitive.getAttribute('POSITION')
  if (!positions) return undefined
  const count = positions.getCount()
  const odd = attributesOf(primitive).find((attribute) => attribute.getCount() !== count)
  if (odd) return `has ${count} positions, but ${odd.getCount()} values of another attribute`
  if (!everyFinite(positions)) return 'has a position that is not a finite number'
  const last = largest(primitive.getIndices())
  return last >= count ? `refers to vertex ${last}, but has only ${count} vertices` : undefined
}

function attributesOf(primitive: Primitive): Accessor[] {
  return [primitive, ...primitive.listTargets()].flatMap((owner) => owner.listAttributes())
}

function everyFinite(accessor: Accessor): boolean {
  return accessor.getArray()?.every(Number.isFinite) ?? false
}

function largest(indices: Accessor | null): number {
  let found = -1
  for (const index of indices?.getArray() ?? []) if (index > found) found = index
  return found
}

function skinFault(document: Document): string | undefined {
  for (const node of document.getRoot().listNodes()) {
    const joints = node.getSkin()?.listJoints().length ?? Infinity
    for (const primitive of node.getMesh()?.listPrimitives() ?? []) {
      const named = largest(primitive.getAttribute('JOINTS_0'))
      if (named >= joints)
        return `the node \`${node.getName()}\` refers to joint ${named}, but its skin has only ${joints} joints`
    }
  }
  return undefined
}

function clipFault(document: Document): string | undefined {
  for (const animation of document.getRoot().listAnimations()) {
    const empty = animation
      .listSamplers()
      .some((sampler) => !sampler.getInput()?.getCount() || !sampler.getOutput())
    if (empty) return `the clip \`${animation.getName()}\` has a sampler without keys`
  }
  return undefined
}
