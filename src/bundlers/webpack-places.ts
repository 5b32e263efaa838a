import path from 'node:path'

/** Where files of models go in a build. */
export interface Places {
  /** From the output folder of this compiler to the folder that `publicPath` stands for. */
  toPublic: string
  /** The folder of files below {@link toPublic}. */
  folder: string
}

/** What a compiler of webpack or Rspack says of its output. */
interface CompilerOutput {
  name?: string | undefined
  output: { path?: string | undefined; publicPath?: unknown }
}

/**
 * Next.js compiles a project two or three times into one folder, and its server gives out `static` of that folder alone:
 * code for the server has to put files where the client's are, as Next's own loader of pictures does.
 */
export function placesOf({ name, output }: CompilerOutput): Places {
  const { path: outputPath = '', publicPath } = output
  if (typeof publicPath !== 'string' || !publicPath.endsWith('/_next/'))
    return { toPublic: '', folder: 'assets/' }
  const folder = 'static/media/'
  return { toPublic: name === 'client' ? '' : upFromServer(outputPath), folder }
}

/** Out of `server`, or `server/chunks` in a build for Node.js. */
function upFromServer(outputPath: string): string {
  const name = path.basename(outputPath)
  if (name === 'server') return '../'
  return name === 'chunks' && path.basename(path.dirname(outputPath)) === 'server' ? '../../' : ''
}
