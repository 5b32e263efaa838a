import path from 'node:path'
import type { ArgsDef } from 'citty'
import type { BuildChoice } from './module-graph.ts'
import { placeOf, projectArgs, type ProjectArgs } from './project.ts'

/** Options of commands that run the user's Vite build. */
export const buildArgs = {
  ...projectArgs,
  config: { type: 'string', description: "Vite's config file.", valueHint: 'file' },
  mode: { type: 'string', description: "Vite's mode, as in `vite build --mode`." },
} as const satisfies ArgsDef

export function buildChoiceOf(
  args: ProjectArgs & { config?: string | undefined; mode?: string | undefined },
): BuildChoice {
  const { cwd, root } = placeOf(args)
  return { root, configFile: args.config && path.resolve(cwd, args.config), viteMode: args.mode }
}

/** Said where a build was read to its end and has no import of ours: mostly it is not the build that was meant. */
export function nothingImported({ root, configFile = root }: BuildChoice): string {
  return `The build imports no models. Looked in \`${configFile}\`.`
}
