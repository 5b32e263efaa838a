import type { AssetNames } from './asset-names.ts'
import type { CopyMode, OutputOptions } from './copy.ts'
import type { OutputFiles } from './scrub-maps.ts'
import type { Session } from './session.ts'

/** What bundlers of the Rollup family call when they have generated an output, and when they have written it. */
export function outputHooks(session: Session, copyMode: CopyMode) {
  const outputOptions = (options: object): object => {
    const { assetFileNames } = options as { assetFileNames?: Parameters<AssetNames['tagged']>[0] }
    return { ...options, assetFileNames: copyMode.names.tagged(assetFileNames) }
  }
  const generateBundle = {
    // After everybody else: also maps that other plugins make hold the sources.
    order: 'post' as const,
    async handler(output: OutputOptions, files: object, isWrite: boolean) {
      session.prompts.scrub(files as OutputFiles)
      await copyMode.collect(output, files, isWrite)
    },
  }
  const writeBundle = {
    // Before everybody else: then those who look into the folder find all files.
    order: 'pre' as const,
    sequential: true as const,
    handler: (output: OutputOptions) => copyMode.write(output),
  }
  return { outputOptions, generateBundle, writeBundle }
}
