import { createHash, timingSafeEqual } from 'node:crypto'

/** How long a launch code lives: from `vibetea start`, whose browser may be slow to open, and from `vibetea open`. */
export const START_CODE_MS = 10 * 60_000
export const OPEN_CODE_MS = 60_000

const TOKEN_BYTES = 32
/** Wrong codes in a minute after which none is looked at until the minute is over. */
const MAX_WRONG_CODES = 20
const WRONG_CODES_MS = 60_000

export interface TokenSources {
  /** Cryptographically strong random bytes. */
  randomBytes(length: number): Uint8Array
  /** ms since 1970. */
  now(): number
}

/** What came of a launch code: a page's token, or why there is none. */
export type Redeemed = { token: string } | { refused: 'wrong' | 'too-many'; retryAfterMs: number }

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

/**
 * Who may use the API: programs with the one API token, pages with a token of their own that they got for a one-time
 * code. All are 256 random bits in base64url and live as long as this object. Only hashes of codes and page tokens
 * are kept; all comparisons take the same time wherever they differ.
 */
export class Tokens {
  /** For programs of this user. */
  readonly api: string
  readonly #sources: TokenSources
  readonly #accepted: Buffer[]
  #codes: { digest: Buffer; expiresAt: number }[] = []
  #wrongCodes: number[] = []

  constructor(sources: TokenSources) {
    this.#sources = sources
    this.api = this.#mint()
    this.#accepted = [digest(this.api)]
  }

  /** A code for one page, good once and for `lifetimeMs`. */
  launchCode(lifetimeMs: number): string {
    const code = this.#mint()
    const now = this.#sources.now()
    this.#codes = this.#codes.filter(({ expiresAt }) => expiresAt > now)
    this.#codes.push({ digest: digest(code), expiresAt: now + lifetimeMs })
    return code
  }

  /** Swaps a launch code for a page's token. */
  redeem(code: string): Redeemed {
    const now = this.#sources.now()
    this.#wrongCodes = this.#wrongCodes.filter((at) => at <= now && now - at < WRONG_CODES_MS)
    if (this.#wrongCodes.length >= MAX_WRONG_CODES) {
      return { refused: 'too-many', retryAfterMs: this.#wrongCodes[0]! + WRONG_CODES_MS - now }
    }
    const given = digest(code)
    const matching = this.#codes.filter((known) => timingSafeEqual(known.digest, given))
    this.#codes = this.#codes.filter((known) => !matching.includes(known))
    if (!matching.some(({ expiresAt }) => expiresAt > now)) {
      this.#wrongCodes.push(now)
      return { refused: 'wrong', retryAfterMs: 0 }
    }
    const token = this.#mint()
    this.#accepted.push(digest(token))
    return { token }
  }

  /** Whether a token is the API token or a page's. */
  accepts(token: string): boolean {
    const given = digest(token)
    return this.#accepted.filter((known) => timingSafeEqual(known, given)).length > 0
  }

  #mint(): string {
    return Buffer.from(this.#sources.randomBytes(TOKEN_BYTES)).toString('base64url')
  }
}
