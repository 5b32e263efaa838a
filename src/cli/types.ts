import path from 'node:path'
import PQueue from 'p-queue'
import { formatError, MeshyError } from '../system/errors.ts'
import type { Context } from '../run/context.ts'
import { DeclaredFile } from '../run/types/declared-file.ts'
import { scanSources } from '../run/types/scan-sources.ts'
import { defineCommand } from './command.ts'
import { EXIT } from './failure.ts'
import { printError, printResult } from './print.ts'
import { openCommand, projectArgs } from './project.ts'

/** Writes the types of every query in the sources, for running `tsc` before the first build. Sends nothing. */
export const types = defineCommand({
  meta: { name: 'types', description: 'Write the types of the imports in the sources.' },
  args: projectArgs,
  async run({ json, ...args }) {
    const { context, place } = await openCommand(args)
    const { root, cacheDir } = context.ports.options
    const declared = openFile(context)
    const found = await scanSources(root, new Set([cacheDir]))
    const queries = [...new Set(found.flatMap(({ query, error }) => (error ? [] : query)))].toSorted()
    for (const query of queries) declared.add(query)
    await declared.write()
    const errors = found.flatMap(({ error }) => error ?? [])
    for (const error of errors) printError(formatError(error))
    const file = path.relative(place.cwd, declared.file)
    printResult(
      json,
      { file, queries },
      queries.length > 0
        ? `${file}:\n  ${queries.join('\n  ')}`
        : `The sources below \`${root}\` import no models.`,
    )
    return errors.length > 0 ? EXIT.failed : EXIT.ok
  },
})

/** Whatever the mode: whoever calls this command wants the file. */
function openFile({ ports: { options, clock, reporter } }: Context): DeclaredFile {
  const turns = new PQueue({ concurrency: 1 })
  const { dts = path.join(options.root, 'meshy-env.d.ts') } = options
  // What was written is the command's own result.
  const telling = { warn: (text: string) => reporter.notices.once(text), info: () => {} }
  if (dts) return new DeclaredFile(dts, { clock, turns, live: false, ...telling })
  throw new MeshyError('MESHY_OPTIONS_INVALID', {
    message: 'The option `dts` is `false`, so there is no file to write the types to.',
    hint: 'Set `dts` to a path, or remove the option.',
  })
}
