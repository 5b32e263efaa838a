import { createRequire } from 'node:module'
import { isOn } from './environment.ts'
import type { Environment } from '../system/process.ts'

/** What `ci-info` knows about a service: variables that must all be set, or have certain values. */
interface Vendor {
  name: string
  env: Sign | Sign[]
}

type Sign = string | { any: string[] } | { env: string; includes: string } | Record<string, string>

/** Set by services that have no variable of their own. */
const COMMON = [
  'BUILD_ID',
  'BUILD_NUMBER',
  'CI_APP_ID',
  'CI_BUILD_ID',
  'CI_BUILD_NUMBER',
  'CI_NAME',
  'CONTINUOUS_INTEGRATION',
  'RUN_ID',
]

/**
 * Whether a run is on a CI service. `CI=false` says that it is not, whatever else is set.
 *
 * The library is only used for its data: by itself, it reads the environment of the process once, when it is loaded.
 */
export function isCi(env: Environment): boolean {
  const { CI: said } = env
  if (said) return isOn(said)
  return (
    COMMON.some((name) => env[name]) ||
    vendors().some(({ env: signs }) => [signs].flat().every((sign) => isSet(sign, env)))
  )
}

/** The names of the services that are recognised. */
export function ciServices(): string[] {
  return vendors().map(({ name }) => name)
}

function vendors(): Vendor[] {
  return createRequire(import.meta.url)('ci-info/vendors.json') as Vendor[]
}

function isSet(sign: Sign, env: Environment): boolean {
  if (typeof sign === 'string') return Boolean(env[sign])
  if (isAny(sign)) return sign.any.some((name) => env[name])
  if ('includes' in sign && sign['env'] !== undefined)
    return env[sign['env']]?.includes(String(sign.includes)) === true
  return Object.entries(sign).every(([name, value]) => env[name] === value)
}

function isAny(sign: Exclude<Sign, string>): sign is { any: string[] } {
  return 'any' in sign && Array.isArray(sign.any)
}
