import type { z } from 'zod'

/** The first thing that a schema found, in words: `` `files.glb.bytes`: Invalid input: expected number ``. */
export function describeIssue(error: z.ZodError): string {
  const issue = error.issues[0]
  if (!issue) return error.message
  const place = issue.path.map(String).join('.')
  return place ? `\`${place}\`: ${issue.message}` : issue.message
}
