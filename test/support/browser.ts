import { chromium, type Browser } from 'playwright-core'
import { findChromium, type FoundBrowser } from './chromium.ts'

/** Software rendering, so that WebGL works without a graphics card, and no traffic of the browser's own. */
const FLAGS = [
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
  '--no-sandbox',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-domain-reliability',
  '--no-first-run',
  '--no-pings',
  // Only WebGL is drawn as a graphics card would: all else takes less time without.
  '--disable-gpu-compositing',
  '--disable-gpu-rasterization',
]

/** Starts the given browser, or the one that {@link findChromium} finds. */
export async function launchBrowser(found?: FoundBrowser): Promise<Browser> {
  const { executablePath, env } = found ?? (await findChromium())
  const inherited = Object.entries(process.env).filter(
    (pair): pair is [string, string] => pair[1] !== undefined,
  )
  return chromium.launch({ executablePath, env: { ...Object.fromEntries(inherited), ...env }, args: FLAGS })
}

let shared: Promise<Browser> | undefined

/** The browser of all test files that run in this process, which ends with it. What a test opens there, it closes. */
export function sharedBrowser(): Promise<Browser> {
  return (shared ??= launchBrowser())
}
