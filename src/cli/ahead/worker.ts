import { layOut } from '../scan-build.ts'

// The script of a separate process: see `layOutAhead` in `bundlers/turbopack.ts`.
await layOut(process.cwd())
// Nothing is left to wait for, whatever threads exist.
process.exit()
