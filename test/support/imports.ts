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

/** The files of one circle, first again at the end; undefined when there is none. */
export function findCircle(edges: readonly Edge[]): string[] | undefined {
  const graph = new Map<string, Set<string>>()
  for (const { from, to } of edges) graph.set(from, (graph.get(from) ?? new Set()).add(to))
  const finished = new Set<string>()
  for (const file of graph.keys()) {
    const circle = walk(graph, [file], finished)
    if (circle) return circle
  }
  return undefined
}

function walk(graph: Map<string, Set<string>>, trail: string[], finished: Set<string>): string[] | undefined {
  const file = trail.at(-1) ?? ''
  if (finished.has(file)) return undefined
  for (const next of graph.get(file) ?? []) {
    if (trail.includes(next)) return [...trail.slice(trail.indexOf(next)), next]
    const circle = walk(graph, [...trail, next], finished)
    if (circle) return circle
  }
  finished.add(file)
  return undefined
}
