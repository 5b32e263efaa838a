import { performance } from 'node:perf_hooks'
import { childArgs, report } from '../lib/child.mjs'

// Loads modules side by side, and reports how long that took, and how much CPU time.
const before = process.cpuUsage()
const startedAt = performance.now()
await Promise.all(childArgs().modules.map((module) => import(module)))
const ms = performance.now() - startedAt
const { user, system } = process.cpuUsage(before)
report({ ms, cpuMs: (user + system) / 1000 })
