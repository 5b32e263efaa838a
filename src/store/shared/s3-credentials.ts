import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'
import { warnOnce } from '../../system/logger.ts'
import { Fault } from '../../system/transfer.ts'
import type { Environment } from '../../system/process.ts'

/** Credentials of an S3 account, as long as they are valid. */
interface S3Credentials {
  accessKeyId: string
  secretAccessKey: string
  sessionToken?: string | undefined
  /** Milliseconds since 1970. */
  expiresAt?: number | undefined
}

/** Returns the current credentials; undefined: there are none, and requests are anonymous. */
export type CredentialsProvider = () => Promise<S3Credentials | undefined>

interface CredentialsInit {
  now: () => number
  warn: (text: string) => void
  /** Loads the optional package. */
  load?: (() => Promise<Chain | undefined>) | undefined
}

/** Variables that select a profile, a role or a workload identity. */
const CHAIN_VARIABLES = [
  'AWS_PROFILE',
  'AWS_WEB_IDENTITY_TOKEN_FILE',
  'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
  'AWS_CONTAINER_CREDENTIALS_FULL_URI',
  'AWS_ROLE_ARN',
] as const

/** Credentials that expire within this time are fetched again, in milliseconds. */
const RENEWAL_MS = 5 * 60_000

/**
 * Credentials from the environment; otherwise from profiles, SSO, roles and workload identities through
 * `@aws-sdk/credential-providers`, which is loaded only if something of that kind is configured.
 *
 * @param warn called once if the package is needed but not installed, or finds no credentials
 * @throws {Fault} if whoever gives credentials cannot be asked
 */
export function createCredentials(
  env: Environment,
  { now, warn: tell, load = importChain }: CredentialsInit,
): CredentialsProvider {
  const fromEnvironment = environmentKeys(env)
  if (fromEnvironment) return async () => fromEnvironment
  const reason = chainReason(env)
  if (reason === undefined) return async () => undefined
  const { warn } = warnOnce(tell)
  let chain: Promise<CredentialsProvider> | undefined
  let known: S3Credentials | undefined
  return async () => {
    if (known && (known.expiresAt === undefined || known.expiresAt - now() > RENEWAL_MS)) return known
    chain ??= loadChain(env, load, (problem) => warn(`${reason} is set, but ${problem}`))
    known = await (await chain)()
    return known
  }
}

function environmentKeys(env: Environment): S3Credentials | undefined {
  const [accessKeyId, secretAccessKey] = [env['AWS_ACCESS_KEY_ID'], env['AWS_SECRET_ACCESS_KEY']]
  if (!accessKeyId || !secretAccessKey) return undefined
  return { accessKeyId, secretAccessKey, sessionToken: env['AWS_SESSION_TOKEN'] || undefined }
}

/** What requires the chain; undefined if nothing does, so that no metadata service is waited for. */
function chainReason(env: Environment): string | undefined {
  const variable = CHAIN_VARIABLES.find((name) => env[name])
  if (variable !== undefined) return variable
  const files = ['credentials', 'config'].map((name) => path.join(homedir(), '.aws', name))
  return files.find((file) => existsSync(file))
}

/** The chain of the optional package; one that finds nothing if the package is missing. */
async function loadChain(
  env: Environment,
  load: () => Promise<Chain | undefined>,
  onMissing: (problem: string) => void,
): Promise<CredentialsProvider> {
  const chain = await load()
  if (!chain) {
    onMissing('`@aws-sdk/credential-providers` is not installed')
    return async () => undefined
  }
  const profile = env['AWS_PROFILE']
  const provide = chain.fromNodeProviderChain(profile ? { profile } : {})
  return async () => {
    try {
      const { accessKeyId, secretAccessKey, sessionToken, expiration } = await provide()
      return { accessKeyId, secretAccessKey, sessionToken, expiresAt: expiration?.getTime() }
    } catch (error) {
      if (!(error instanceof Error)) throw error
      const problem = `gives no credentials (${error.message})`
      if (!NONE_FOUND.test(error.name)) throw new Fault('refused', problem, { cause: error })
      onMissing(`it ${problem}`)
      return undefined
    }
  }
}

/** What the package throws where nobody is logged in, or no longer. */
const NONE_FOUND = /^(Credentials|Token)ProviderError$/

/** The part of the package that we use: it is not among our dependencies, so its types may be missing. */
interface Chain {
  fromNodeProviderChain(init: { profile?: string }): () => Promise<{
    accessKeyId: string
    secretAccessKey: string
    sessionToken?: string
    expiration?: Date
  }>
}

async function importChain(): Promise<Chain | undefined> {
  const name = '@aws-sdk/credential-providers'
  try {
    return (await import(name)) as Chain
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND') return undefined
    throw error
  }
}
