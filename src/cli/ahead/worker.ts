import { layOut } from '../scan-build.ts'

// The script of a process of its own: see `layOutAhead` in `bundlers/turbopack.ts`.
await layOut(process.cwd())
// Nothing is left to wait for, whatever threads there are.
process.exit()
