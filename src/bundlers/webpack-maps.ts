import { scrubText, type Scrub } from './scrub-text.ts'

/** A compilation of webpack or Rspack, as far as we use it. */
export interface Compilation {
  readonly errors: { readonly length: number }
  compiler: { webpack: Library }
  moduleGraph?: { getIssuer(module: object): { resource?: string } | null | undefined }
  hooks: {
    buildModule: { tap(name: string, run: () => void): void }
    succeedModule: { tap(name: string, run: (module: { error?: unknown }) => void): void }
    processAssets: {
      tapPromise(options: { name: string; stage: number }, run: (assets: Assets) => Promise<void>): void
    }
  }
  updateAsset(name: string, source: object): void
}

interface Library {
  Compilation: { PROCESS_ASSETS_STAGE_DEV_TOOLING: number }
  sources: { RawSource: new (text: string) => object }
}

type Assets = Record<string, { source(): string | Buffer }>

/** Runs `scrub` over source maps that were just made, before anything hashes or compresses them. */
export function scrubCompilation(compilation: Compilation, prepare: () => Promise<Scrub | undefined>): void {
  const { Compilation, sources } = compilation.compiler.webpack
  const stage = Compilation.PROCESS_ASSETS_STAGE_DEV_TOOLING + 1
  compilation.hooks.processAssets.tapPromise({ name: 'unplugin-meshy', stage }, async (assets) => {
    const scrub = await prepare()
    if (!scrub) return
    for (const [name, asset] of Object.entries(assets)) {
      if (!/\.(?:map|[cm]?js)$/.test(name)) continue
      const before = asset.source().toString()
      const after = scrubText(name, before, scrub)
      if (after !== before) compilation.updateAsset(name, new sources.RawSource(after))
    }
  })
}
