import { fileURLToPath } from 'node:url'
import { run } from './commands.mjs'

const PRETTIER = fileURLToPath(new URL('../../node_modules/prettier/bin/prettier.cjs', import.meta.url))
const OURS = ['meshy-lock.json', '.meshy', 'meshy-env.d.ts']

/** Checks that Prettier has no complaints about files that we wrote, wherever they are. */
export async function checkFormatters(cwd) {
  const { output } = await run(cwd, ['node', PRETTIER, '--check', '.', '--log-level', 'warn'])
  const named = output.split('\n').filter((line) => OURS.some((name) => line.includes(name)))
  if (named.length > 0) throw new Error(`Prettier would change\n${named.join('\n')}`)
}
