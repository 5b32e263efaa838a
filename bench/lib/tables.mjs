/** The results of each row of the benchmark, as Markdown. */
export const tables = {
  'warm-build': warmBuild,
  'cold-build': coldBuild,
  'one-image': oneImage,
  'second-run': secondRun,
  load,
  restore,
  'dev-paint': devPaint,
  preview,
  derive,
  heavy,
}

const WARM_VARIANTS = [
  { name: 'asset', label: "`emit: 'asset'`", time: 1.15, memory: 1.1 },
  { name: 'copy', label: "`emit: 'copy'`", time: 0.6, memory: 0.3 },
  { name: 'firstAsset', label: "`emit: 'asset'`, all bytes read", time: 1.15, memory: 1.1 },
  { name: 'firstCopy', label: "`emit: 'copy'`, all bytes read", time: 0.6, memory: 0.3 },
]

function warmBuild({ modelBytes, rounds, results, images }) {
  const size = `${modelBytes / 1e6} MB`
  const rows = results.flatMap(({ count, empty, url, ...found }) => [
    [`${count} × ${size}`, 'plain `?url`', seconds(url.ms), '', megabytes(url.peakMB), '', ''],
    ...WARM_VARIANTS.map(({ name, label, time, memory }) => [
      '',
      label,
      seconds(found[name].ms),
      ratio(found[name].ms / url.ms, time),
      megabytes(found[name].peakMB),
      ratio(found[name].peakMB / url.peakMB, memory),
      milliseconds((found[name].ms - url.ms) / count),
    ]),
    ['', 'an empty build', seconds(empty.ms), '', megabytes(empty.peakMB), '', ''],
  ])
  const perImage = (images.imagetools.ms - images.url.ms) / images.count
  return [
    `### Warm builds with Vite 8, medians of ${rounds}`,
    table(['models', 'method', 'build', '× `?url`', 'memory', '× `?url`', 'per model, over `?url`'], rows),
    `Loading the plugin takes ${milliseconds(results.at(-1).asset.loadMs)} once, which is not included in these times. For comparison, ` +
      `vite-imagetools with ${images.count} images in its cache: ${seconds(images.imagetools.ms)}, against ` +
      `${seconds(images.url.ms)} with \`?url\`: ${milliseconds(perImage)} per image.`,
  ].join('\n\n')
}

function restore({ models, modelBytes, largeBytes, rounds, many, large }) {
  const ofMany = Object.entries(many).flatMap(([by, { ready, bare, cold, warm }]) =>
    [
      [`a \`fetch\` loop that writes the files, 16 at a time, from ${by}`, bare],
      [`a team HTTP store (${by}), with an empty machine store`, cold, 1.3],
      ...(by === 'node' ? [['the machine store: a second folder', warm, 1.3]] : []),
    ].map(([how, { ms, peakMB }, bar]) => [
      how,
      seconds(ms - ready.ms),
      bar === undefined ? '' : ratio((ms - ready.ms) / (bare.ms - ready.ms), bar),
      megabytes(peakMB),
    ]),
  )
  const ofLarge = [
    ['nothing', large.ready],
    ['a `fetch` loop, for comparison', large.bare],
    ['a team HTTP store', large.cold],
    ['the machine store', large.warm],
  ].map(([how, { peakMB }]) => [how, megabytes(peakMB), ratio(peakMB / large.ready.peakMB, 1.3)])
  return [
    `### Fetching ${models} × ${modelBytes / 1e6} MB of pinned models, medians of ${rounds}`,
    table(['source', 'time', '× loop', 'memory'], ofMany),
    `The time of the same build with nothing to fetch is subtracted: ${seconds(many.node.ready.ms)}.`,
    `### Memory of a build that fetches one file of ${largeBytes / 1e6} MB`,
    table(['source', 'memory', '× nothing'], ofLarge),
  ].join('\n\n')
}

function coldBuild({ tasks, taskMs, slots, requestsPerSecond, ms, idealMs, posts, limited, requests }) {
  return [
    '### A cold build',
    table(
      ['workload', 'ideal', 'build', '× ideal', 'requests', 'paid', 'refused'],
      [
        [
          `${tasks} tasks of ${taskMs / 1000} s, ${slots} slots, ${requestsPerSecond} requests per second`,
          seconds(idealMs),
          seconds(ms),
          ratio(ms / idealMs, 1.1),
          requests,
          posts,
          count(limited, 0),
        ],
      ],
    ),
  ].join('\n\n')
}

function oneImage({ imports, posts, once, many }) {
  const row = (name, { pictureReads, digests, ms }, tasks) => [
    name,
    count(pictureReads, 1),
    count(digests, 1),
    tasks,
    seconds(ms),
  ]
  return [
    '### One image, many imports',
    table(
      ['imports', 'reads of the image', 'hashes of the model', 'tasks', 'warm build'],
      [row('1', once, ''), row(`${imports} modules, 5 spellings`, many, count(posts, 1))],
    ),
  ].join('\n\n')
}

function secondRun({ models, frozen, generate }) {
  const row = (mode, { connections, decoders, threads, ms }) => [
    `${models} models, \`${mode}\``,
    count(connections, 0),
    count(decoders, 0),
    count(threads, 0),
    seconds(ms),
  ]
  return [
    '### The second run',
    table(
      ['build', 'connections', 'image decoders loaded', 'threads started', 'time'],
      [row('frozen', frozen), row('generate', generate)],
    ),
  ].join('\n\n')
}

function load({ rounds, alone, plugin }) {
  const row = (name, { ms, cpuMs }, against) => [
    name,
    milliseconds(ms),
    against ? ratio(ms / against.ms, 1.5) : '',
    milliseconds(cpuMs),
    against ? ratio(cpuMs / against.cpuMs, 1.5) : '',
  ]
  return [
    `### Loading the plugin, medians of ${rounds} processes`,
    table(
      ['modules', 'time', '×', 'CPU time', '×'],
      [row('`unplugin`, `zod`, `xxhash-wasm`', alone), row('`unplugin-meshy/vite`', plugin, alone)],
    ),
  ].join('\n\n')
}

function devPaint({ models, rounds, url, first, later }) {
  return [
    `### First paint in dev, medians of ${rounds}`,
    table(
      [`page with ${models} missing models`, 'first paint', 'against `?url`'],
      [
        ['the stand-ins as plain files with `?url`', seconds(url), ''],
        [
          'no stand-ins made yet',
          seconds(first),
          limit(`+ ${seconds(first - url)}`, first - url <= 500, '0.5 s'),
        ],
        ['later, with a new server', seconds(later), ratio(later / url, 1.15)],
      ],
    ),
  ].join('\n\n')
}

function preview({ triangles, rows, blocked }) {
  return [
    `### Stand-ins of ${triangles} triangles`,
    table(
      ['image', 'first in a new thread', 'later', 'worst', 'kind'],
      rows.map(({ name, cold, warm, worst, kind }) => [
        name,
        milliseconds(cold),
        milliseconds(warm),
        milliseconds(worst),
        kind,
      ]),
    ),
    `The requesting thread was blocked for ${milliseconds(blocked)} at most.`,
  ].join('\n\n')
}

function derive({ models, rounds, rawMB, rows }) {
  return [
    `### Derivation of ${models} models of ${rawMB.toFixed(1)} MB, medians of ${rounds}`,
    table(
      ['method', 'per model', '× the command', 'size', 'memory'],
      rows.map(({ how, ms, bytes, peakMB, ratioOfMs }) => [
        how,
        seconds(ms),
        ratioOfMs === undefined ? '' : ratioOfMs.toFixed(2),
        `${((100 * bytes) / (rawMB * 1e6)).toFixed(0)} %`,
        peakMB ? megabytes(peakMB) : '',
      ]),
    ),
  ].join('\n\n')
}

function heavy({ triangles, pixels, rounds, fewer, bytes, found }) {
  const { raw, command, optimized, commandFewer, simplified } = found
  const ours = (how, one, other) => [
    how,
    seconds(one.ms - raw.ms),
    ratio((one.ms - raw.ms) / other.ms, 1.2),
    kilobytes(one.bytes),
    ratio(one.bytes / other.bytes, 1.2),
  ]
  const theirs = (how, { ms, bytes: size }) => [how, seconds(ms), '', kilobytes(size), '']
  return [
    `### Derivation of a model of ${triangles} triangles with maps of ${pixels} pixels, ${kilobytes(bytes)}, medians of ${rounds}`,
    table(
      ['method', 'time', '× the command', 'bytes', '× the command'],
      [
        theirs('`gltf-transform optimize`, without `simplify`', command),
        ours('`optimize`', optimized, command),
        theirs('`gltf-transform optimize`, with `simplify`', commandFewer),
        ours(`\`optimize&simplify=${fewer}\``, simplified, commandFewer),
      ],
    ),
  ].join('\n\n')
}

/** A ratio, and whether it meets its target. */
function ratio(value, bar) {
  return limit(value.toFixed(2), value <= bar, bar)
}

function count(value, bar) {
  return limit(String(value), value <= bar, bar)
}

function limit(text, isKept, bar) {
  return isKept ? `**${text}** (≤ ${bar})` : `**${text}**, misses ${bar}`
}

function seconds(ms) {
  return `${(ms / 1000).toFixed(2)} s`
}

function milliseconds(ms) {
  return `${ms.toFixed(1)} ms`
}

function megabytes(mb) {
  return `${mb.toFixed(0)} MB`
}

function kilobytes(bytes) {
  return `${Math.round(bytes / 1000)} kB`
}

function table(head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}
