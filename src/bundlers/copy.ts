import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { fileOfTicket, issueTicket, readTicket, redeemTickets, type Ticket } from './placeholder.ts'
import { AssetNames } from './asset-names.ts'
import type { UrlOf } from './module.ts'
import { presentable } from './present.ts'
import type { Session } from './session.ts'

/** What a bundler of the Rollup family is about to write, by file name. */
type Bundle = Record<string, { type: 'asset'; source: string | Uint8Array } | { type: 'chunk' }>

/** Where a bundler writes an output. */
export interface OutputOptions {
  dir?: string | undefined
  file?: string | undefined
}

/**
 * `emit: 'copy'`: bundlers get tickets for files, name them, point code and manifests at them, and never see their
 * bytes. What the output holds under those names is copied from the cache when all else is written.
 */
export class CopyMode {
  /** Whether this is a build within a build, which hands its files on: a worker's, in Vite. */
  isPart = false
  readonly names = new AssetNames()
  readonly #session: Session
  /** Tickets by the path that was given to them, by the folder of the output. */
  #pending = new Map<string, Map<string, Ticket>>()

  constructor(session: Session) {
    this.#session = session
  }

  /** Puts tickets in the place of files, where the options say so. */
  urlOf(urlOf: UrlOf): UrlOf {
    return async (file, index) => {
      await this.names.add(file)
      const {
        ports: { options, store },
      } = await this.#session.context()
      const ticket = options.emit === 'copy' ? await issueTicket(store, file) : undefined
      return urlOf(ticket ?? file, index)
    }
  }

  /**
   * Takes the tickets out of a bundle that is about to be written. One that stays in memory gets the bytes: nobody
   * could put them there later.
   */
  async collect(output: OutputOptions, bundle: object, isWrite: boolean): Promise<void> {
    const context = await this.#session.context()
    if (context.ports.options.emit !== 'copy' || this.isPart) return
    const files = bundle as Bundle
    for (const [name, ticket] of ticketsIn(files)) {
      if (isWrite) {
        this.#pendingIn(folderOf(output)).set(name, ticket)
        delete files[name]
      } else {
        const source = await readFile(await fileOfTicket(context.ports.store, ticket))
        Object.assign(files[name] ?? {}, { source })
      }
    }
  }

  /** Copies what {@link collect} took out, into an output that is written. */
  async write(output: OutputOptions): Promise<void> {
    const folder = folderOf(output)
    const tickets = this.#pendingIn(folder)
    this.#pending.delete(folder)
    if (tickets.size === 0) return
    const { root } = this.#session.bundler
    const {
      ports: {
        store,
        reporter: { logger },
      },
    } = await this.#session.context()
    try {
      await redeemTickets(store, folder, tickets)
    } catch (error) {
      throw presentable(error, root)
    }
    logger.info(`meshy: ${describeCopies(tickets)} to ${path.relative(root, folder)}`)
  }

  #pendingIn(folder: string): Map<string, Ticket> {
    const known = this.#pending.get(folder)
    if (known) return known
    const fresh = new Map<string, Ticket>()
    this.#pending.set(folder, fresh)
    return fresh
  }
}

function folderOf({ dir, file }: OutputOptions): string {
  return path.resolve(dir ?? path.dirname(file ?? ''))
}

function describeCopies(tickets: ReadonlyMap<string, Ticket>): string {
  const bytes = [...tickets.values()].reduce((sum, { blob }) => sum + blob.bytes, 0)
  const size = bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`
  return `copied ${tickets.size} ${tickets.size === 1 ? 'file' : 'files'} (${size})`
}

function ticketsIn(files: Bundle): Map<string, Ticket> {
  const tickets = new Map<string, Ticket>()
  for (const [name, file] of Object.entries(files)) {
    const ticket = file.type === 'asset' ? readTicket(file.source) : undefined
    if (ticket) tickets.set(name, ticket)
  }
  return tickets
}
