import { createHmac, randomBytes } from 'node:crypto'

/** Signs the URLs of files, each for a while only. */
export class AssetUrls {
  readonly #secret = randomBytes(32)
  readonly #origin: string
  readonly #urlMs: number

  constructor(assetsUrl: string, urlMs: number) {
    this.#origin = assetsUrl.replace(/\/+$/, '')
    this.#urlMs = urlMs
  }

  /** A URL of one file of a task that works from now on until it expires. */
  sign(taskId: string, file: string, now: number): string {
    const path = `/emulator/tasks/${taskId}/output/${file}`
    const expires = String((now + this.#urlMs) / 1000)
    const query = new URLSearchParams({ Expires: expires, Signature: this.#signature(path, expires) })
    return `${this.#origin}${path}?${query}`
  }

  /** Whether a URL was signed here and has not expired. */
  isValid(url: URL, now: number): boolean {
    const expires = url.searchParams.get('Expires') ?? ''
    const signature = url.searchParams.get('Signature')
    return signature === this.#signature(url.pathname, expires) && now < Number(expires) * 1000
  }

  #signature(path: string, expires: string): string {
    return createHmac('sha256', this.#secret).update(`${path}?${expires}`).digest('base64url')
  }
}
