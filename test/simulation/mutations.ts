import type { Mutation } from './bundle.ts'

/** Mistakes that cost money or hang builds: each must be found. */
export const MUTATIONS: readonly Mutation[] = [
  {
    name: 'the lease of a key is left out',
    file: 'src/store/open-store.ts',
    from: 'return withLease(layout.lease(key), use, { ...options, clock })',
    to: 'return use({ isHeld: async () => true })',
  },
  {
    name: 'nobody looks again after the lease was waited for',
    file: 'src/generate/generate.ts',
    from: 'if (entry) return',
    to: 'if (entry && !attempt) return',
  },
  {
    name: 'what is written durably is not synced',
    file: 'src/system/durable.ts',
    from: 'if (durable) await syncFolder(dirname(target))',
    to: '',
  },
  {
    name: 'a submission is sent again whose outcome is unknown',
    file: 'src/service/limits/retry.ts',
    from: "if (method === 'POST' || outcome === 'refused') return false",
    to: "if (outcome === 'refused') return false",
  },
  {
    name: 'credits that were not spent are not released',
    file: 'src/generate/claim.ts',
    from: '.finally(() => reservation.release())',
    to: '',
  },
  {
    name: 'the lease of the team counts for nothing',
    file: 'src/store/shared/team-leases.ts',
    from: 'if (top === undefined || top.isReleased || this.#isLeftOver(key, top)) return true',
    to: 'if (top !== null) return true',
    setting: 'a team',
  },
  {
    name: 'the account is not looked at again before it is paid',
    file: 'src/generate/recover.ts',
    from: 'return adoptable(recent, key, record?.forgottenTasks ?? [])',
    to: 'return record && undefined',
  },
  {
    name: 'a record that was sent is forgotten',
    file: 'src/finding/record-state.ts',
    from: "return record.state === 'started' && !record.sent && !record.lost",
    to: "return record.state === 'started' && !record.lost",
  },
]
