import type { Adapter } from './adapter.ts'
import { plainIds } from './module-id.ts'
import type { Session } from './session.ts'
import { farmUrl } from './url.ts'

/** Experimental. */
export function createFarmAdapter(session: Session): Adapter {
  return {
    start: () => {},
    resolver: () => ({}),
    moduleIds: plainIds,
    urlOf: () => farmUrl(),
    remembersIds: false,
    hooks: {
      farm: {
        config: () => ({ compilation: { assets: { include: ['glb'] } } }),
        configResolved(config) {
          const { root = process.cwd() } = config
          session.bundler = { ...session.bundler, root, envDir: root }
        },
      },
    },
  }
}
