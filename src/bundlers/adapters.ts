import type { Adapter, AdapterParts } from './adapter.ts'
import { createBunAdapter } from './bun.ts'
import { createEsbuildAdapter } from './esbuild.ts'
import { createFarmAdapter } from './farm.ts'
import { createRolldownAdapter, createRollupAdapter } from './rollup.ts'
import type { Session } from './session.ts'
import { createViteAdapter } from './vite.ts'
import { createWebpackAdapter } from './webpack.ts'

type CreateAdapter = (session: Session, parts: AdapterParts) => Adapter

const ADAPTERS: Record<string, CreateAdapter> = {
  vite: createViteAdapter,
  rollup: createRollupAdapter,
  rolldown: createRolldownAdapter,
  webpack: createWebpackAdapter,
  rspack: createWebpackAdapter,
  rsbuild: createWebpackAdapter,
  esbuild: createEsbuildAdapter,
  farm: createFarmAdapter,
  bun: createBunAdapter,
}

/** The bundlers by the names of their entries: `unplugin-meshy/vite`. */
export const BUNDLERS: readonly string[] = Object.keys(ADAPTERS)

/** The adapter of a bundler, by the name that unplugin gives it. Others are taken for relatives of Rollup. */
export function createAdapter(framework: string, session: Session, parts: AdapterParts): Adapter {
  const create = ADAPTERS[framework] ?? createRollupAdapter
  return create(session, parts)
}
