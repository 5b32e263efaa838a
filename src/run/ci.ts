import { createRequire } from 'node:module'
import { isOn, type Environment } from './environment.ts'

/** What `ci-info` knows of a service: variables that must all be set, or be so. */
interface Vendor {
  name: string
  env: Sign | Sign[]
}

type Sign = string | { any: string[] } | { env: string; includes: string } | Record<string, string>

/** Set by services that have no sign of their own. */
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
 * Whether a run is one of a CI service. `CI=false` says that it is none, whatever else is set.
 *
 * The library is asked for what it knows alone: by itself, it reads the environment of the process once, when it is loaded.
 */
export function isCi(env: Environment): boolean {
  const { CI: said } = env
  if (said) return isOn(said)
  return COMMON.some((name) => env[name]) || vendors().some((vendor) => isVendor(vendor, env))
}

/** The names of the services that are recognised. */
export function ciServices(): string[] {
  return vendors().map(({ name }) => name)
}

function vendors(): Vendor[] {
  return createRequire(import.meta.url)('ci-info/vendors.json') as Vendor[]
}

function isVendor(vendor: Vendor, env: Environment): boolean {
  return [vendor.env].flat().every((sign) => isSet(sign, env))
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
