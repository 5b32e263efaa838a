import { existsSync } from 'node:fs'
import path from 'node:path'
import { isMeshyError, MeshyError } from '../system/errors.ts'
import { type Context, withMode } from '../run/context.ts'
import type { Import } from '../run/imports.ts'
import { loadAsset } from '../run/load.ts'
import { openProject } from '../run/open-project.ts'
import { takePlan } from '../run/plan.ts'
import type { PluginApi } from '../bundlers/adapter.ts'
import { reportModels } from '../run/reporting/report.ts'
import { Problems } from '../run/reporting/problems.ts'
import { scanSources, type FoundImport } from '../run/types/scan-sources.ts'
import type { Logger } from '../system/logger.ts'
import { packageFile, toPosix } from '../bundlers/resolve.ts'
import { stderrLogger } from './project.ts'

/** What is known about a build whose modules were all loaded. */
export type Walked = Pick<PluginApi, 'report' | 'takePlan'>

/**
 * Loads every import of a model that is visible in the text of the sources below a root, for bundlers whose build
 * cannot be walked, such as Next.js. Only knows options in `meshy.config`.
 *
 * @throws {MeshyError} MESHY_IMAGE_NOT_FOUND; what loading throws, all failures in one
 */
export async function scanBuild(root: string): Promise<Walked> {
  const problems = new Problems()
  const hasFailed = () => problems.size > 0
  const { context, found } = await scan(root, { logger: stderrLogger, hasFailed })
  // Before anything is paid for.
  const ids = await collect(problems, found, async (one) => addFound(context, one))
  await collect(problems, ids, async (id) => {
    const imported = context.project.imports.find(id)
    if (imported) await loadFound(context, imported)
  })
  return {
    report: async () => ({ models: reportModels(context.ports.models) }),
    takePlan: () => takePlan(context.seen),
  }
}

/**
 * Puts the files of what the sources import where a bundler looks for them, unless something has to be generated.
 * Reports nothing, not even failures: the bundler encounters them again, and knows more.
 */
export async function layOut(root: string): Promise<void> {
  const { context, found } = await scan(root, { logger: SILENT })
  if (context.ports.options.mode === 'plan') return
  const isPreview = context.ports.options.mode === 'preview'
  const free = withMode(context, isPreview ? 'preview' : 'frozen')
  await Promise.allSettled(
    found.map(async (one) => {
      const imported = free.project.imports.find(addFound(free, one))
      if (imported) await loadAsset(free, imported)
    }),
  )
}

const SILENT: Logger = { info: () => {}, warn: () => {}, error: () => {} }

/** @param run.hasFailed whether an import has failed: then nothing is paid for any more */
async function scan(
  root: string,
  { logger, hasFailed }: { logger: Logger; hasFailed?: () => boolean },
): Promise<{ context: Context; found: FoundImport[] }> {
  const context = await openProject({ root, envDir: root, envMode: 'production', logger }, { hasFailed })
  const found = await scanSources(root, new Set([context.ports.options.cacheDir]))
  return { context, found: found.filter(({ isGlob }) => !isGlob) }
}

/** Processes all items, and throws all failures in one; until then they are in `problems`. */
async function collect<T, R>(
  problems: Problems,
  items: readonly T[],
  run: (item: T) => Promise<R>,
): Promise<R[]> {
  const outcomes = await Promise.all(
    items.map(async (item, index) => {
      try {
        return [await run(item)]
      } catch (error) {
        problems.add(String(index), error)
        return []
      }
    }),
  )
  const problem = problems.take()
  if (problem !== undefined) throw problem
  return outcomes.flatMap((outcome) => outcome)
}

function addFound({ project: { imports }, ports: { options } }: Context, found: FoundImport): string {
  const file = resolveFound(options.root, found)
  return imports.add(found.specifier, { file, site: async () => found.site, importer: found.importer })
}

async function loadFound(context: Context, imported: Import): Promise<void> {
  try {
    await loadAsset(context, imported)
  } catch (error) {
    throw isMeshyError(error) && !error.site ? error.at(await imported.site()) : error
  }
}

/** Where an import points without a bundler: relative, into `public`, or into a package. */
function resolveFound(root: string, { specifier, importer, site }: FoundImport): string {
  const source = specifier.slice(0, specifier.indexOf('?'))
  const candidates = source.startsWith('.')
    ? [path.resolve(path.dirname(importer), source)]
    : [
        path.join(root, 'public', source),
        path.join(root, source),
        packageFile(source, path.dirname(importer)),
      ]
  const file = candidates.find((candidate) => candidate !== undefined && existsSync(candidate))
  if (file) return toPosix(file)
  throw new MeshyError('MESHY_IMAGE_NOT_FOUND', {
    message: `\`${source}\` does not lead to a file; expected a relative path, a path in a package, or a path below \`public\`.`,
    hint: 'Refer to the image by a relative path; only bundlers know aliases.',
    site,
  })
}
