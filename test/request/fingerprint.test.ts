import path from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { findConflicts } from '../../src/request/conflicts.ts'
import { createHasher, differingParams, fingerprint } from '../../src/request/fingerprint.ts'
import { createImageReader } from '../../src/request/images.ts'
import { createPayload } from '../../src/request/payload.ts'
import { readRequest } from '../../src/request/read-request.ts'
import { resolveDirectives } from '../../src/request/resolve.ts'
import type { CanonicalRequest, Request } from '../../src/request/request.ts'
import { makeFolder, makePng, queryOf, requestOf } from './fixtures.ts'
import golden from './golden-keys.json' with { type: 'json' }
import { areCompatible, compatibleItems, compatiblePairs, type Item } from './arbitraries.ts'

const EMPTY: CanonicalRequest = {
  kind: 'image-to-3d',
  images: [],
  textureImages: [],
  params: {},
  take: 1,
  emulated: false,
}

describe('createHasher', () => {
  it.each([
    ['', 'ef46db3751d8e999'],
    ['a', 'd24ec4f1a98c6e5b'],
    ['abc', '44bc2cf5ad770999'],
  ])('hashes %j as xxHash64 does', async (text, hash) => {
    const hasher = await createHasher()

    expect(hasher.text(text)).toBe(hash)
    expect(hasher.bytes(Buffer.from(text))).toBe(hash)
  })
})

describe('fingerprint', () => {
  it.each(golden.keys)('keeps the key of $query as it was', async ({ query, emulated, key }) => {
    const files = Object.entries(golden.images).map(([name, bytes]) => [name, Buffer.from(bytes, 'base64')])
    const folder = await makeFolder(Object.fromEntries(files))

    expect((await requestOf(path.join(folder, 'a.png'), query, { emulated })).key).toBe(key)
  })

  it('has no two golden keys alike', () => {
    expect(new Set(golden.keys.map(({ key }) => key)).size).toBe(golden.keys.length)
  })

  it('does not change with order, aliases, ways to say yes and no, or what is aside', async () => {
    const keyOf = await keysIn(await makeImages())

    await fc.assert(
      fc.asyncProperty(compatibleItems(), fc.infiniteStream(fc.nat(1000)), async (items, choices) => {
        const rewritten = shuffle(items, choices).map(({ spellings }) => pick(spellings, choices))
        const aside = pick(['', '&moderation', '&textures=off', '&thumbnail', '&alpha_thumbnail'], choices)

        expect(await keyOf(rewritten.join('&') + aside)).toBe(await keyOf(plain(items)))
      }),
      { numRuns: 2000 },
    )
  })

  it('does not change with defaults that are spelled out', async () => {
    const keyOf = await keysIn(await makeImages())
    const spelledOut = [
      'model=latest', 'topology=triangle', 'poly=30000', 'symmetry=auto', 'remesh', 'no-pre-remesh', 'texture', 'no-pbr',
      'pose=', 'no-is_a_t_pose', 'no-moderation', 'take=1', 'no-textures', 'no-thumbnail',
    ] // prettier-ignore

    await fc.assert(
      fc.asyncProperty(compatibleItems(), fc.subarray(spelledOut), async (items, defaults) => {
        const said = new Set(items.map(({ name }) => name))
        const added = defaults.filter((item) =>
          Object.keys(queryOf(item)).every((name) => !said.has(name as 'poly')),
        )
        const query = [plain(items), ...added].join('&')
        // Another family of models has defaults of its own.
        fc.pre(!said.has('model_type') && findConflicts(queryOf(query)).length === 0)

        expect(await keyOf(query)).toBe(await keyOf(plain(items)))
      }),
      { numRuns: 2000 },
    )
  })

  it('changes if, and only if, what is sent and decides the bytes changes, over all pairs of directives', async () => {
    const requestFor = await requestsIn(await makeImages())
    const requests = await Promise.all(compatiblePairs().map((items) => requestFor(plain(items))))
    const pairs = await Promise.all(
      requests.map(async (request) => [request.key, await decisive(request)] as const),
    )

    const distinct = new Set(pairs.map((pair) => pair.join(' ')))
    expect(new Set(pairs.map(([key]) => key)).size).toBe(distinct.size)
    expect(new Set(pairs.map(([, sent]) => sent)).size).toBe(distinct.size)
    expect(distinct.size).toBeGreaterThan(300)
  })

  it('changes if, and only if, what is sent and decides the bytes changes, over any directives', async () => {
    const requestFor = await requestsIn(await makeImages())

    await fc.assert(
      fc.asyncProperty(compatibleItems(), compatibleItems(), fc.nat(3), async (one, other, dropped) => {
        // Mostly alike, so that single differences are common.
        const mixed = [
          ...one.slice(dropped),
          ...other.filter(({ name }) => one.every((item) => item.name !== name)),
        ]
        fc.pre(areCompatible(mixed))
        const [a, b] = await Promise.all([requestFor(plain(one)), requestFor(plain(mixed))])

        expect(a.key === b.key).toBe((await decisive(a)) === (await decisive(b)))
      }),
      { numRuns: 2000 },
    )
  })

  it('does not change with the names of files', async () => {
    const here = await makeFolder({ 'a.png': makePng(1), 'b.png': makePng(2) })
    const there = await makeFolder({ 'x y.JPG': makePng(1), '100%.png': makePng(2) })

    const a = await requestOf(path.join(here, 'a.png'), 'meshy&texture-image=b.png')
    const b = await requestOf(path.join(there, 'x y.JPG'), 'meshy&texture-image=./100%.png')

    expect(b.key).toBe(a.key)
  })

  it('changes with the bytes of any image and with their order', async () => {
    const widths = [[1], [2], [1, 2], [2, 1], [1, 2, 3], [1, 3, 2]]
    const keys = await Promise.all(
      widths.map(async (of) => {
        const names = of.map((_, index) => `${index}.png`)
        const folder = await makeFolder(
          Object.fromEntries(of.map((width, at) => [`${at}.png`, makePng(width)])),
        )
        const views = names.length > 1 ? `&views=${names.slice(1).join(',')}` : ''
        return (await requestOf(path.join(folder, '0.png'), `meshy${views}`)).key
      }),
    )

    expect(new Set(keys).size).toBe(widths.length)
  })

  it('changes with the length of an image, even when its hash does not', async () => {
    const hasher = await createHasher()
    const keyOf = (bytes: number) =>
      fingerprint({ ...EMPTY, images: [{ hash: '0'.repeat(16), bytes }] }, hasher)

    expect(keyOf(1)).not.toBe(keyOf(2))
  })

  it('is another one for an emulator', async () => {
    const folder = await makeFolder({ 'a.png': makePng() })
    const file = path.join(folder, 'a.png')

    const keys = [await requestOf(file, 'meshy'), await requestOf(file, 'meshy', { emulated: true })]

    expect(keys[0]?.key).not.toBe(keys[1]?.key)
  })

  it('does not depend on the order of parameters', async () => {
    const hasher = await createHasher()

    expect(fingerprint({ ...EMPTY, params: { b: 1, a: [true].map(String) } }, hasher)).toBe(
      fingerprint({ ...EMPTY, params: { a: ['true'], b: 1 } }, hasher),
    )
  })
})

describe('differingParams', () => {
  it('leaves out the defaults of version 1, and sorts', () => {
    expect(
      differingParams({ pose_mode: '', target_polycount: 500, ai_model: 'latest', enable_pbr: true }),
    ).toEqual({
      enable_pbr: true,
      target_polycount: 500,
    })
  })

  it('keeps a polycount that is nobody else’s default', () => {
    const params = { model_type: 'smart-topology', target_polycount: 30_000 }

    expect(differingParams(params)).toEqual(params)
  })
})

async function makeImages(): Promise<string> {
  return makeFolder({ 'a.png': makePng(1), 'b.png': makePng(2), 'c.png': makePng(3) })
}

async function requestsIn(folder: string): Promise<(query: string) => Promise<Request>> {
  const hasher = await createHasher()
  const images = createImageReader(hasher)
  const file = path.join(folder, 'a.png')
  return async (query) => {
    const directives = resolveDirectives({ file, query: queryOf(`meshy&${query}`) })
    return readRequest({ file, directives, emulated: false, images, hasher })
  }
}

async function keysIn(folder: string): Promise<(query: string) => Promise<string>> {
  const requestFor = await requestsIn(folder)
  return async (query) => (await requestFor(query)).key
}

/** What is sent, without that which decides no bytes, as text. */
async function decisive(request: Request): Promise<string> {
  const bytesOf = async ({ hash }: { hash: string }) => Buffer.from(hash)
  const { kind, body } = await createPayload(request, { bytesOf, named: false })
  const aside = new Set(['moderation', 'target_formats', 'alpha_thumbnail', 'multi_view_thumbnails'])
  const params = Object.entries(body).filter(([name]) => !aside.has(name))
  return JSON.stringify([kind, request.canonical.take, params.sort(([a], [b]) => (a < b ? -1 : 1))])
}

function plain(items: Item[]): string {
  return items.map(({ spellings }) => spellings[0]).join('&')
}

function pick<T>(values: readonly T[], choices: IterableIterator<number>): T {
  return values[Number(choices.next().value) % values.length] as T
}

function shuffle<T>(values: readonly T[], choices: IterableIterator<number>): T[] {
  return values
    .map((value) => ({ value, at: Number(choices.next().value) }))
    .sort((a, b) => a.at - b.at)
    .map(({ value }) => value)
}
