import type { AssetNames } from './asset-names.ts'
import type { CopyMode, OutputOptions } from './copy.ts'

/** What bundlers of the Rollup family call when they have generated an output, and when they have written it. */
export function outputHooks(copyMode: CopyMode) {
  const outputOptions = (options: object): object => {
    const { assetFileNames } = options as { assetFileNames?: Parameters<AssetNames['tagged']>[0] }
    return { ...options, assetFileNames: copyMode.names.tagged(assetFileNames) }
  }
  const generateBundle = {
    order: 'post' as const,
    handler: (output: OutputOptions, files: object, isWrite: boolean) =>
      copyMode.collect(output, files, isWrite),
  }
  const writeBundle = {
    // Before everybody else: then those who look into the folder find all files.
    order: 'pre' as const,
    sequential: true as const,
    handler: (output: OutputOptions) => copyMode.write(output),
  }
  return { outputOptions, generateBundle, writeBundle }
}
