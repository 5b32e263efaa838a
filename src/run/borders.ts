import path from 'node:path'
import { MeshyError } from '../system/errors.ts'
import type { Request } from '../request/request.ts'
import type { ImageReader } from '../request/images.ts'
import type { Import } from './imports.ts'
import { dependencyOf, isBelow, realFile, type Dependency } from './project.ts'
import { priceOf } from '../request/price.ts'

/** The limits of the trust in imports. */
export interface BordersInit {
  /** Root of the workspace. */
  workspace: string
  /** Names of packages whose imports may spend credits. */
  allow: readonly string[]
  /** Folder of the modules that the bundler creates from dependencies before it serves. */
  dependencyCache?: string | undefined
  /** Whether the server of the run would serve a file by itself. */
  serves?: ((file: string) => boolean) | undefined
}

/** Whose imports may spend, and which files they may name. */
export class Borders {
  readonly #init: BordersInit
  readonly #workspace: string
  /** By the importer and what it imports: the disk is asked where files are. */
  readonly #dependencies = new Map<string, Dependency | undefined>()

  constructor(init: BordersInit) {
    this.#init = init
    this.#workspace = realFile(init.workspace)
  }

  /** The dependency that asks for a model without being allowed to spend; undefined if the project asks for it too. */
  strangerOf(imported: Import): string | undefined {
    const names = this.#importersOf(imported).map((one) => one?.name)
    const isTrusted = (name: string | undefined) => name === undefined || this.#init.allow.includes(name)
    return names.some(isTrusted) ? undefined : names[0]
  }

  /** An image reader that reads nothing outside the borders. */
  reader(images: ImageReader, imported: Import): ImageReader {
    return {
      ...images,
      read: async (file, signal) => {
        this.assertInside(file, imported)
        return images.read(file, signal)
      },
    }
  }

  /**
   * @throws {MeshyError} MESHY_FILE_OUTSIDE for a file that an import may not name: it is neither in the workspace nor
   *   in the importing package, or the server would not serve it
   */
  assertInside(file: string, imported: Import): void {
    const real = realFile(file)
    const folders = [this.#workspace, ...this.#packagesOf(imported)]
    if (!folders.some((folder) => isBelow(folder, real))) throw outside(file, this.#workspace)
    const { serves } = this.#init
    if (serves && !serves(file.replaceAll('\\', '/'))) throw unserved(file)
  }

  #packagesOf(imported: Import): string[] {
    const importing = this.#importersOf(imported).flatMap((one) => one?.dir ?? [])
    // `import 'package/hero.png?meshy'`: the package manager says where that is.
    const named = imported.packageName && dependencyOf(imported.file, this.#workspace)
    return named && named.name === imported.packageName ? [...importing, named.dir] : importing
  }

  #importersOf({ file, importers = [] }: Import): (Dependency | undefined)[] {
    // An importer that only an earlier run has seen is assumed to be next to the image.
    return (importers.length > 0 ? importers : [file]).map((importer) => this.#find(importer, file))
  }

  #find(importer: string, file: string): Dependency | undefined {
    const id = `${importer}\n${file}`
    if (!this.#dependencies.has(id)) this.#dependencies.set(id, this.#dependencyOf(importer, file))
    return this.#dependencies.get(id)
  }

  #dependencyOf(importer: string, file: string): Dependency | undefined {
    const source = importer.replace(/^\0+/, '').replace(/\?.*$/s, '')
    // Entries, and virtual modules of plugins, belong to the project.
    if (!path.isAbsolute(source)) return undefined
    const { dependencyCache } = this.#init
    if (dependencyCache === undefined || !isBelow(realFile(dependencyCache), realFile(source)))
      return dependencyOf(source, this.#workspace)
    // A module that a bundler has put together no longer says where it comes from; its images do.
    return dependencyOf(file, this.#workspace) ?? { name: path.parse(source).name, dir: path.dirname(source) }
  }
}

/** The error of a build that a dependency keeps from being free. */
export function notAllowed(request: Request, name: string): MeshyError {
  const credits = priceOf(request)
  return new MeshyError('MESHY_IMPORT_NOT_ALLOWED', {
    message:
      `The package \`${name}\` asks for a model of \`${request.imageName}\` that is missing; generating it costs ` +
      `${credits} credits, and a dependency may spend only if you allow it.`,
    hint: `To allow it, add \`allow: ['${name}']\` to the options. Otherwise import another entry of the package.`,
    details: { key: request.key, credits, package: name },
  })
}

function outside(file: string, workspace: string): MeshyError {
  return new MeshyError('MESHY_FILE_OUTSIDE', {
    message: `\`${file}\` is neither in the workspace (\`${workspace}\`) nor in the package that imports it.`,
    hint: 'Copy the image next to the module that imports it. A link does not help: links are followed.',
    details: { file, workspace },
  })
}

function unserved(file: string): MeshyError {
  return new MeshyError('MESHY_FILE_OUTSIDE', {
    message: `\`${file}\` is a file that the dev server does not serve (\`server.fs\`).`,
    hint: 'Add its folder to `server.fs.allow`, or copy the image next to the module that imports it.',
    details: { file },
  })
}
