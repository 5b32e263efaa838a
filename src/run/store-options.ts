import path from 'node:path'
import { MeshyError } from '../system/errors.ts'
import { defaultMachineFolder } from '../store/shared/machine-folder.ts'
import { parseStoreAddress } from '../store/shared/store-address.ts'
import type { Environment } from './environment.ts'
import type { Options, ResolvedOptions, RunFacts } from './option-types.ts'
import { realFile } from './dependency.ts'

type StoreOptions = Pick<ResolvedOptions, 'machineStore' | 'machineStoreLimit' | 'teamStore'>

/** A few hundred models with their textures. */
const DEFAULT_LIMIT = 5e9

/** Where bytes are shared: code and config take precedence over the environment. */
export function resolveStores(
  given: Pick<Options, 'machineStore' | 'machineStoreLimit' | 'teamStore'>,
  { env, project }: Pick<RunFacts, 'env' | 'project'>,
  cacheDir: string,
): StoreOptions {
  const chosen = given.machineStore ?? folderFromEnvironment(env) ?? defaultMachineFolder(env)
  const machineStore = chosen && path.resolve(project.dir, chosen)
  if (machineStore) assertNotCache(machineStore, cacheDir)
  const address = given.teamStore ?? (env['MESHY_TEAM_STORE'] || undefined)
  const writtenIn = given.teamStore === undefined ? 'environment' : 'config'
  return {
    machineStore,
    machineStoreLimit: given.machineStoreLimit ?? limitFromEnvironment(env) ?? DEFAULT_LIMIT,
    teamStore:
      address === undefined
        ? undefined
        : {
            address: parseStoreAddress(address, writtenIn, env),
            writtenIn,
            signingKey: env['MESHY_TEAM_STORE_SIGNING_KEY'] || undefined,
          },
  }
}

/** The store removes files that have not been used for long; the cache contains what the project pins. */
function assertNotCache(machineStore: string, cacheDir: string): void {
  if (realFile(machineStore) !== realFile(cacheDir)) return
  throw new MeshyError('MESHY_OPTIONS_INVALID', {
    message: `\`machineStore\` and \`cacheDir\` are the same folder, \`${cacheDir}\`.`,
    hint: 'Give `machineStore` a separate folder, or remove the option.',
  })
}

function folderFromEnvironment(env: Environment): string | false | undefined {
  const value = env['MESHY_MACHINE_STORE']
  if (!value) return undefined
  return ['false', 'off', 'no', '0'].includes(value.toLowerCase()) ? false : value
}

function limitFromEnvironment(env: Environment): number | undefined {
  const value = env['MESHY_MACHINE_STORE_LIMIT']
  if (!value) return undefined
  const limit = Number(value)
  if (Number.isFinite(limit) && limit >= 0) return limit
  throw new MeshyError('MESHY_OPTIONS_INVALID', {
    message: `MESHY_MACHINE_STORE_LIMIT is \`${value.slice(0, 40)}\`; expected a number of bytes.`,
    hint: 'Set MESHY_MACHINE_STORE_LIMIT to a number such as 5000000000, or unset it.',
  })
}
