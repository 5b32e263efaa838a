// In the place of `node:os`.
import { current } from '../machine.ts'

export const hostname = (): string => current().machine.name
export const networkInterfaces = () => ({})
export const homedir = (): string => '/home'
export const tmpdir = (): string => '/tmp'
export const availableParallelism = (): number => 1
