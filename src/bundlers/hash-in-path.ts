import { MeshyError } from '../system/errors.ts'

/** The error for a path that a bundler would cut at its `#`, and look for something else; undefined where there is none. */
export function hashInPath(path: string): MeshyError | undefined {
  if (!path.includes('#')) return undefined
  return new MeshyError('MESHY_PATH_UNSUPPORTED', {
    message: `\`${path}\` holds a \`#\`, where this bundler ends a path; expected a path without.`,
    hint: 'Rename the file or folder that has the `#` in its name.',
    details: { path },
  })
}
