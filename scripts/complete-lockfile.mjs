// Adds the binaries of every platform to package-lock.json: `node scripts/complete-lockfile.mjs`.
//
// npm omits an optional dependency from a lockfile if the registry in use has no copy of it, as mirrors do for other
// platforms, and then `npm ci` refuses that lockfile. What is added here is never downloaded where it was missing: npm
// skips a package whose `os`, `cpu` or `libc` does not match.
import { readFileSync, writeFileSync } from 'node:fs'

const FILE = new URL('../package-lock.json', import.meta.url)
const SYSTEMS = [
  'aix',
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'win32',
]
const PROCESSORS = {
  arm: ['arm', 'armv7'],
  arm64: ['arm64'],
  ia32: ['ia32'],
  loong64: ['loong64'],
  mips64el: ['mips64el'],
  ppc64: ['ppc64'],
  riscv64: ['riscv64'],
  s390x: ['s390x'],
  wasm32: ['wasm32', 'wasm'],
  x64: ['x64'],
}

const lock = JSON.parse(readFileSync(FILE, 'utf8'))
const missing = findMissing(lock.packages)
for (const { name, ...entry } of missing) lock.packages[`node_modules/${name}`] = entry
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, 'en')))
writeFileSync(FILE, `${JSON.stringify(lock, undefined, 2)}\n`)
console.log(`Added ${missing.length} packages to package-lock.json.`)

/** Optional dependencies that nothing in the lockfile satisfies, as the missing entries. */
function findMissing(packages) {
  const found = new Map()
  for (const [place, { dev, optionalDependencies = {} }] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(optionalDependencies)) {
      if (isLocked(packages, place, name)) continue
      const platform = platformOf(name)
      if (!/^\d/.test(version) || !platform.cpu)
        throw new Error(`Cannot tell what \`${name}@${version}\` is for.`)
      const shared = { version, ...(dev ? { dev } : {}), optional: true, ...platform }
      const other = found.get(name)
      if (other && other.version !== version) throw new Error(`\`${name}\` is needed in two versions.`)
      found.set(name, { name, ...other, ...shared })
    }
  }
  return [...found.values()]
}

/** Whether Node, in the package at `place`, would find one with that name. */
function isLocked(packages, place, name) {
  const parents = place.split('/node_modules/')
  const places = parents.map((_, depth) => parents.slice(0, depth + 1).join('/node_modules/'))
  return [...places.map((parent) => `${parent}/node_modules/${name}`), `node_modules/${name}`].some(
    (candidate) => candidate.replace(/^\//, '') in packages,
  )
}

/** The naming pattern of such packages: `@rollup/rollup-linux-x64-musl`. */
function platformOf(name) {
  const words = name.split(/[/.-]/)
  const os = SYSTEMS.find((system) => words.includes(system) || words.includes(`${system}musl`))
  const cpu = Object.keys(PROCESSORS).find((processor) =>
    PROCESSORS[processor].some((word) => words.includes(word)),
  )
  const isMusl = words.some((word) => /^(linux)?musl/.test(word))
  const libc = isMusl ? 'musl' : words.some((word) => word.startsWith('gnu')) ? 'glibc' : undefined
  return {
    ...(os ? { os: [os] } : {}),
    ...(cpu ? { cpu: [cpu] } : {}),
    ...(libc && os === 'linux' ? { libc: [libc] } : {}),
  }
}
