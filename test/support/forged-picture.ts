/** The constants of xxHash64. */
const [P1, P2] = [0x9e3779b185ebca87n, 0xc2b2ae3d27d4eb4fn]
const STRIPE = 32

/**
 * A file that begins with `picture`, and has the length and the xxHash64 of `target`: nothing that decodes pictures looks at
 * what follows their end. One stripe before the tail is solved for, lane by lane.
 */
export function forgePicture(target: Uint8Array, picture: Uint8Array): Buffer {
  const wanted = Buffer.from(target)
  const free = Math.floor(wanted.length / STRIPE) * STRIPE - STRIPE
  if (picture.length > free) throw new RangeError('Expected a larger target')
  const forged = Buffer.concat([picture, Buffer.alloc(free - picture.length), wanted.subarray(free)])
  const goal = lanesAfter(wanted, free)
  const start = lanesAfter(forged, free)
  const undo = inverse(P2)
  for (const [lane, value] of goal.entries()) {
    const at = free + lane * 8
    const input = wanted.readBigUInt64LE(at) + (value - (start[lane] ?? 0n)) * undo
    forged.writeBigUInt64LE(wrap(input), at)
  }
  return forged
}

/** The four lanes of the hash before the byte at `end`. */
function lanesAfter(bytes: Buffer, end: number): bigint[] {
  const lanes = [wrap(P1 + P2), P2, 0n, wrap(-P1)]
  for (let at = 0; at < end; at += 8) {
    const lane = (at / 8) % 4
    const sum = wrap((lanes[lane] ?? 0n) + bytes.readBigUInt64LE(at) * P2)
    lanes[lane] = wrap(((sum << 31n) | (sum >> 33n)) * P1)
  }
  return lanes
}

/** Modulo 2^64, by Newton's method. */
function inverse(odd: bigint): bigint {
  let found = odd
  for (let bits = 3; bits < 64; bits *= 2) found = wrap(found * (2n - odd * found))
  return found
}

function wrap(value: bigint): bigint {
  return BigInt.asUintN(64, value)
}
