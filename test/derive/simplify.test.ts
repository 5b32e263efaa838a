import { describe, expect, it } from 'vitest'
import type { Document, Primitive } from '@gltf-transform/core'
import { eachVertex } from '../../src/derive/compare/rest-pose.ts'
import { deriveModel } from '../../src/derive/derive-model.ts'
import type { Vec3 } from '../../src/glb/facts.ts'
import { instancedSample, openIo, riggedSample, Sample, sheet } from './support/sample.ts'

async function simplified(sample: Sample, simplify: number | 'auto') {
  const source = await sample.write()
  const derived = await deriveModel(source, { plan: { simplify }, extras: {} })
  const io = await openIo()
  return { ...derived, source, before: await io.readBinary(source), after: await io.readBinary(derived.glb) }
}

/** A ball of flat triangles, none of which share a vertex, as untextured models of the service come. */
function ball(radius = 1, [columns, rows]: readonly [number, number] = [64, 48]) {
  const at = (x: number, y: number): Vec3 => {
    const [u, v] = [(x / columns) * 2 * Math.PI, (y / rows) * Math.PI]
    return [radius * Math.sin(v) * Math.cos(u), radius * Math.cos(v), radius * Math.sin(v) * Math.sin(u)]
  }
  const positions: number[] = []
  const normals: number[] = []
  const face = (...corners: Vec3[]) => {
    const middle = [0, 1, 2].map((axis) => corners.reduce((sum, corner) => sum + (corner[axis] ?? 0), 0))
    for (const corner of corners) {
      positions.push(...corner)
      normals.push(...middle.map((value) => value / Math.hypot(...middle)))
    }
  }
  for (let i = 0; i < columns * rows; i++) {
    const [x, y] = [i % columns, Math.floor(i / columns)]
    if (y > 0) face(at(x, y), at(x + 1, y), at(x + 1, y + 1))
    if (y < rows - 1) face(at(x, y), at(x + 1, y + 1), at(x, y + 1))
  }
  const count = positions.length / 3
  return {
    positions: new Float32Array(positions),
    normals: new Float32Array(normals),
    uvs: new Float32Array(count * 2),
    indices: Uint16Array.from({ length: count }, (_, i) => i),
  }
}

/** A ball as a grid, whose poles are many vertices that are nearly in one place. */
function globe(sample: Sample): Primitive {
  const { uvs, indices } = sheet(60)
  const corners = Array.from({ length: uvs.length / 2 }, (_, i) => {
    const [turn, down] = [(uvs[i * 2] ?? 0) * 2 * Math.PI, (uvs[i * 2 + 1] ?? 0) * Math.PI]
    return [Math.sin(down) * Math.cos(turn), Math.cos(down), Math.sin(down) * Math.sin(turn)]
  })
  const positions = new Float32Array(corners.flat())
  return sample.primitive({ positions, normals: positions, uvs, indices })
}

function verticesOf(document: Document): Vec3[] {
  const found: Vec3[] = []
  eachVertex(document, (at) => void found.push(at))
  return found
}

const lengthOf = (at: Vec3) => Math.hypot(...at)

describe('simplify', () => {
  it.each([5000, 2000, 700, 200])(
    'comes to %i triangles where none share a vertex, and stays a ball',
    async (wanted) => {
      const sample = new Sample()
      sample.node('Ball', sample.primitive(ball()))

      const { facts, after } = await simplified(sample, wanted)

      expect(Math.abs(facts.triangles - wanted) / wanted).toBeLessThan(0.02)
      for (const at of verticesOf(after)) expect(lengthOf(at)).toBeCloseTo(1, 5)
      const [primitive] = after.getRoot().listMeshes()[0]?.listPrimitives() ?? []
      expect(primitive?.getAttribute('NORMAL')).not.toBeNull()
    },
  )

  it.each([64, 100, 170])('comes to %i triangles of a globe, and leaves it round', async (wanted) => {
    const sample = new Sample()
    sample.node('Globe', globe(sample))

    const { facts } = await simplified(sample, wanted)

    expect(Math.abs(facts.triangles / wanted - 1)).toBeLessThan(0.02)
    for (const size of facts.bounds.size) expect(size).toBeGreaterThan(1.7)
  })

  it('reduces a globe whose colors are not numbers by its shape', async () => {
    const sample = new Sample()
    const primitive = globe(sample)
    const count = primitive.getAttribute('POSITION')?.getCount() ?? 0
    const colors = sample.accessor('VEC4', new Float32Array(count * 4).fill(NaN))
    sample.node('Globe', primitive.setAttribute('COLOR_0', colors))

    const { facts } = await simplified(sample, 800)

    expect(Math.abs(facts.triangles / 800 - 1)).toBeLessThan(0.02)
    for (const size of facts.bounds.size) expect(size).toBeGreaterThan(1.9)
  })

  it.each<number | 'auto'>(['auto', 1500])('leaves what a clip shows its shape (%s)', async (simplify) => {
    const sample = new Sample()
    sample.node('Shown', sample.primitive())
    sample.node('Hidden', sample.primitive()).setScale([0, 0, 0])

    const { after } = await simplified(sample, simplify)

    const [shown, hidden] = after
      .getRoot()
      .listMeshes()
      .map((mesh) => mesh.listPrimitives()[0]?.getIndices()?.getCount() ?? 0)
    expect(hidden).toBeGreaterThan((shown ?? 0) / 2)
  })

  it.each(['draco', 'meshopt'] as const)('turns strips to triangles that %s can pack', async (compress) => {
    const rows = Array.from({ length: 24 }, (_, row) => {
      const pairs = Array.from({ length: 25 }, (_, i) => [row * 25 + i, (row + 1) * 25 + i]).flat()
      return [row * 25, ...pairs, (row + 2) * 25 - 1]
    })
    const sample = riggedSample()
    const [body] = sample.document.getRoot().listMeshes()[0]?.listPrimitives() ?? []
    body?.setMode(5).setIndices(sample.accessor('SCALAR', Uint16Array.from(rows.flat())))
    for (const semantic of ['POSITION', 'WEIGHTS_0']) {
      const values = body?.getAttribute(semantic)?.getArray()
      const size = (values?.length ?? 0) / 625
      for (let at = 0; at < 600; at += 5) values?.copyWithin(at * size, (at + 1) * size, (at + 2) * size)
    }

    const plan = { simplify: 'auto', compress } as const
    const { facts } = await deriveModel(await sample.write(), { plan, extras: {} })

    expect(facts.triangles).toBeLessThanOrEqual(24 * 24 * 2)
    expect(facts.triangles).toBeGreaterThan(300)
  })

  it('loses crumbs for a small number, and says what that changes', async () => {
    const sample = new Sample()
    sample.node('Statue', sample.primitive(ball()))
    const { positions, normals } = ball(0.01, [8, 6])
    const shifts = Array.from({ length: 40 }, (_, i) => [1.1 + i / 200, (i % 7) / 8, 0])
    const crumbs = shifts.flatMap((by) => Array.from(positions, (value, at) => value + (by[at % 3] ?? 0)))
    const count = crumbs.length / 3
    const dust = {
      positions: new Float32Array(crumbs),
      normals: new Float32Array(crumbs.map((_, at) => normals[at % normals.length] ?? 0)),
      uvs: new Float32Array(count * 2),
      indices: Uint16Array.from({ length: count }, (_, i) => i),
    }
    sample.node('Dust', sample.primitive(dust))

    const { facts, notes } = await simplified(sample, 100)

    expect(facts.triangles).toBeGreaterThan(97)
    expect(facts.triangles).toBeLessThan(103)
    expect(facts.bounds.size[0]).toBeLessThan(2.25)
    expect(notes.join()).toMatch(/`simplify=100` deviates by up to .*visible/)
  })

  it('measures errors by one measure, so that small parts keep their shape', async () => {
    const sample = new Sample()
    sample.node('Small', sample.primitive(ball(0.5, [12, 8]))).setTranslation([5, 0, 0])
    sample.node('Large', sample.primitive(ball(4, [96, 64])))

    const { after } = await simplified(sample, 2000)

    const [small, large] = after
      .getRoot()
      .listMeshes()
      .map((mesh) => (mesh.listPrimitives()[0]?.getIndices()?.getCount() ?? 0) / 3)
    expect(large).toBeGreaterThan(1700)
    // A sixth of it would be a ratio's share.
    expect((small ?? 0) / 168).toBeGreaterThan(0.16)
  })

  it.each(['meshopt', 'draco'] as const)(
    'leaves of a part that vanishes what %s can pack',
    async (compress) => {
      const sample = new Sample()
      const crumb = sheet(2)
      sample.node('Large', sample.primitive())
      const positions = crumb.positions.map((value) => value * 0.001)
      sample.node('Crumb', sample.primitive({ ...crumb, positions })).setTranslation([0.9, 0, 0])

      const plan = { simplify: 100, compress }
      const { facts, notes, glb } = await deriveModel(await sample.write(), { plan, extras: {} })

      expect(facts.triangles).toBeLessThanOrEqual(102)
      expect(notes).toEqual([])
      const nodes = (await (await openIo()).readBinary(glb)).getRoot().listNodes()
      expect(
        nodes
          .find((node) => node.getName() === 'Crumb')
          ?.getMesh()
          ?.listPrimitives(),
      ).toHaveLength(1)
    },
  )

  it('keeps what is skinned on its bones, with the clip', async () => {
    const { facts, after } = await simplified(riggedSample(), 300)

    expect(facts.triangles).toBeGreaterThanOrEqual(294)
    expect(facts.triangles).toBeLessThanOrEqual(306)
    expect(after.getRoot().listAnimations()).toHaveLength(1)
  })

  it('counts as drawn where a mesh is shown more than once', async () => {
    const { facts } = await simplified(instancedSample(), 900)

    expect(facts.triangles).toBeGreaterThanOrEqual(882)
    expect(facts.triangles).toBeLessThanOrEqual(918)
  })

  it('does not tear parts that meet', async () => {
    const sample = new Sample()
    const whole = sheet(24)
    const half = whole.indices.length / 2
    const parts = [whole.indices.slice(0, half), whole.indices.slice(half)]
    const node = sample.node('Sheet', sample.primitive({ ...whole, indices: parts[0] ?? whole.indices }))
    node.getMesh()?.addPrimitive(sample.primitive({ ...whole, indices: parts[1] ?? whole.indices }))

    const { after } = await simplified(sample, 400)

    const [lower, upper] = after.getRoot().listMeshes()[0]?.listPrimitives().map((primitive) => {
      const positions = primitive.getAttribute('POSITION')
      return Array.from({ length: positions?.getCount() ?? 0 }, (_, i) => positions?.getElement(i, []) ?? [])
    }) ?? [] // prettier-ignore
    const onSeam = (list: number[][] = []) =>
      new Set(list.filter(([, y = 1]) => Math.abs(y) < 1e-6).map(([x]) => x))
    expect(onSeam(lower)).toEqual(onSeam(upper))
  })

  it('takes with `auto` what does not show: nearly all of what is even, hardly anything of what is not', async () => {
    const even = new Sample()
    const { positions, ...rest } = sheet()
    even.node(
      'Even',
      even.primitive({ ...rest, positions: positions.map((value, i) => (i % 3 === 2 ? 0 : value)) }),
    )
    const wavy = new Sample()
    wavy.node('Wavy', wavy.primitive())

    expect((await simplified(even, 'auto')).facts.triangles).toBeLessThan(100)
    expect((await simplified(wavy, 'auto')).facts.triangles).toBeGreaterThan(300)
  })

  it('says what it reached, and how far off it is', async () => {
    const sample = new Sample()
    sample.node('Ball', sample.primitive(ball()))

    const { facts, notes } = await simplified(sample, 12)

    // Nothing at all would be nearer to 12 than this, but no ball.
    expect(facts.triangles).toBeGreaterThanOrEqual(4)
    expect(facts.triangles).toBeLessThan(100)
    expect(notes.join('\n')).toMatch(
      /`simplify=12` (?:reached \d+ triangles, with a deviation of|deviates by) up to [\d.]+ % of its size/,
    )
  })
})
