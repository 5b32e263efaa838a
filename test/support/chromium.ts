import { execFile } from 'node:child_process'
import { access } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { chromium } from 'playwright-core'
import { unpackChromium } from './chromium-package.ts'

const run = promisify(execFile)

/** A browser that starts on this machine. */
export interface FoundBrowser {
  executablePath: string
  /** What its environment needs besides ours; for the browser process only. */
  env: Record<string, string>
}

export interface FindOptions {
  /** The environment that is searched. */
  env?: NodeJS.ProcessEnv
  /** Whether the cache of Playwright is searched. */
  playwright?: boolean
}

const NAMES = [
  'chromium',
  'chromium-browser',
  'chromium-headless-shell',
  'google-chrome',
  'google-chrome-stable',
]
const MAC_CHROME = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'

/**
 * Finds a Chromium and never downloads one: `CHROMIUM_PATH`, then PATH, then the cache of Playwright, then the build that
 * a devDependency ships inside its npm package.
 */
export async function findChromium(options: FindOptions = {}): Promise<FoundBrowser> {
  const { env = process.env, playwright = true } = options
  for (const executablePath of installedCandidates(env, playwright)) {
    if (await starts({ executablePath, env: {} })) return { executablePath, env: {} }
  }
  const shipped = await shippedBrowser()
  if (shipped) return shipped
  throw new Error('Found no Chromium that starts: set `CHROMIUM_PATH`, or `apt-get install chromium`.')
}

function installedCandidates(env: NodeJS.ProcessEnv, playwright: boolean): string[] {
  const folders = (env.PATH ?? '').split(path.delimiter).filter(Boolean)
  return [
    ...(env.CHROMIUM_PATH ? [env.CHROMIUM_PATH] : []),
    ...folders.flatMap((folder) => NAMES.map((name) => path.join(folder, name))),
    ...(process.platform === 'darwin' ? [MAC_CHROME] : []),
    ...(playwright ? [chromium.executablePath()] : []),
  ]
}

async function shippedBrowser(): Promise<FoundBrowser | undefined> {
  const folder = await unpackChromium()
  if (folder === undefined) return undefined
  const executablePath = path.join(folder, 'chromium')
  const fonts = { FONTCONFIG_PATH: folder }
  // Hosts without NSS and Expat use the copies that are shipped beside the browser.
  const libraries = { ...fonts, LD_LIBRARY_PATH: path.join(folder, 'lib') }
  for (const env of [fonts, libraries]) {
    if (await starts({ executablePath, env })) return { executablePath, env }
  }
  return undefined
}

async function starts({ executablePath, env }: FoundBrowser): Promise<boolean> {
  try {
    await access(executablePath)
    await run(executablePath, ['--version'], { timeout: 20_000, env: { ...process.env, ...env } })
    return true
  } catch {
    return false
  }
}
