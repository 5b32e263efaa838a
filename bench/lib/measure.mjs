import { execFileSync } from 'node:child_process'

/**
 * Measures variants alternately, so that other load on the machine affects all of them, and returns the median of each
 * number by variant.
 *
 * @param {Record<string, () => Promise<Record<string, number>>>} variants
 * @param {number} rounds
 */
export async function interleave(variants, rounds) {
  const samples = Object.fromEntries(Object.keys(variants).map((name) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    for (const [name, run] of Object.entries(variants)) {
      settleDisk()
      samples[name].push(await run())
    }
  }
  return Object.fromEntries(Object.entries(samples).map(([name, runs]) => [name, medians(runs)]))
}

export function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b)
  return sorted[sorted.length >> 1]
}

/** The output of one run must not be flushed while the next one is measured. */
function settleDisk() {
  if (process.platform !== 'win32') execFileSync('sync')
}

function medians(runs) {
  const names = Object.keys(runs[0]).filter((name) => typeof runs[0][name] === 'number')
  return Object.fromEntries(names.map((name) => [name, median(runs.map((run) => run[name]))]))
}
