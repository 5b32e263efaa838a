// In the place of `src/system/fetch.ts`: the network of the world.
import { here } from '../machine.ts'

export const createFetch = () => here.fetch
export const reachesDirectly = () => false
