import path from 'node:path'
import { pinOwnBytes } from '../run/commands/pin.ts'
import { namesImport, readSpecifier } from '../run/commands/subject.ts'
import { defineCommand } from './command.ts'
import { formatBytes, print, printJson } from './print.ts'
import { openCommand, projectArgs } from './project.ts'
import { UsageError } from './failure.ts'

/** Gives an import a model of the user's own. */
export const pin = defineCommand({
  meta: { name: 'pin', description: 'Give an import a model of your own, for free.' },
  args: {
    import: {
      type: 'positional',
      description: 'The import as written in the code: "./hero.png?meshy&pbr".',
      required: true,
    },
    file: { type: 'positional', description: 'The GLB.', required: true },
    ...projectArgs,
  },
  async run({ import: specifier, file, json, ...args }) {
    if (!namesImport(specifier)) {
      throw new UsageError(
        `\`${specifier}\` is not an import of a model; expected one such as "./hero.png?meshy".`,
      )
    }
    const { context, place } = await openCommand(args)
    const request = await readSpecifier(context, specifier, place.cwd)
    const { key, image, files, facts } = await pinOwnBytes(context, request, path.resolve(place.cwd, file))
    if (json) printJson({ key, image, ...files.glb, facts })
    else {
      print(
        `${image} (${key}) is pinned to ${file}: ${facts.triangles} triangles, ${formatBytes(files.glb.bytes)}.`,
      )
    }
  },
})
