import path from 'node:path'
import ts from 'typescript'
import type { Source } from './sources.ts'

/** One import inside src, both ends as paths there. */
export interface Edge {
  from: string
  to: string
}

/** The imports, re-exports and `import()`s of the given files that stay inside src; types count. */
export function readEdges(sources: readonly Source[]): Edge[] {
  return sources.flatMap(({ file, text }) =>
    ts
      .preProcessFile(text)
      .importedFiles.map(({ fileName }) => fileName)
      .filter((specifier) => specifier.startsWith('.'))
      .map((specifier) => ({ from: file, to: path.posix.join(path.posix.dirname(file), specifier) }))
      .filter(({ to }) => !to.startsWith('../')),
  )
}

/** The folder of src that a file is in, or '' for the files at the top. */
export function folderOf(file: string): string {
  return file.includes('/') ? file.slice(0, file.indexOf('/')) : ''
}

/** The folders of one cycle, first again at the end; undefined when there is none. */
export function findCycle(edges: readonly Edge[]): string[] | undefined {
  const graph = folderGraph(edges)
  const finished = new Set<string>()
  for (const folder of graph.keys()) {
    const cycle = walk(graph, [folder], finished)
    if (cycle) return cycle
  }
  return undefined
}

function walk(graph: Map<string, Set<string>>, trail: string[], finished: Set<string>): string[] | undefined {
  const folder = trail.at(-1) ?? ''
  if (finished.has(folder)) return undefined
  for (const next of graph.get(folder) ?? []) {
    if (trail.includes(next)) return [...trail.slice(trail.indexOf(next)), next]
    const cycle = walk(graph, [...trail, next], finished)
    if (cycle) return cycle
  }
  finished.add(folder)
  return undefined
}

function folderGraph(edges: readonly Edge[]): Map<string, Set<string>> {
  const graph = new Map<string, Set<string>>()
  for (const { from, to } of edges) {
    const [start, end] = [folderOf(from), folderOf(to)]
    // Files at the top are entries, and errors.ts, which everything may know.
    if (start === end || start === '' || end === '') continue
    graph.set(start, (graph.get(start) ?? new Set()).add(end))
  }
  return graph
}
