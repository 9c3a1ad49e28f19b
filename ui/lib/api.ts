import type { ActionName, Actions, ErrorAnswer, Invitation } from '../../core/api.ts'

const TOKEN_KEY = 'vibetea.token'
/** A node that says nothing for so long is one that hangs. */
const TIMEOUT_MS = 30_000

/** A call that failed: `status` 0 and code `unreachable` where no node answered. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly status: number
  readonly code: string

  constructor(status: number, code: string, message: string) {
    super(message)
    this.status = status
    this.code = code
  }
}

export type Params = Record<string, string | number | undefined>

/** What the node answers to the writes whose answer is shown. */
interface ActionAnswers {
  invite: Invitation
}
type AnswerOf<Name extends ActionName> = Name extends keyof ActionAnswers ? ActionAnswers[Name] : unknown

export interface ApiOptions {
  fetch: typeof fetch
  storage: Pick<Storage, 'getItem' | 'setItem'>
}

/** The node's HTTP calls. The token is shared by all tabs of this address and dies with the node. */
export class Api {
  readonly #fetch: typeof fetch
  readonly #storage: ApiOptions['storage']
  /** Called when the node refuses the token. */
  onLocked: () => void = () => undefined

  constructor({ fetch, storage }: ApiOptions) {
    this.#fetch = fetch
    this.#storage = storage
  }

  get token(): string | null {
    return this.#storage.getItem(TOKEN_KEY)
  }

  /** Whether another tab's change of `localStorage` was a new token. */
  static isTokenChange(change: Pick<StorageEvent, 'key' | 'newValue'>): boolean {
    return change.key === TOKEN_KEY && Boolean(change.newValue)
  }

  /** Swaps a one-time code for a token. Throws an ApiError for a code that is used up or too old. */
  async redeem(code: string): Promise<void> {
    const { token } = await this.#call<{ token: string }>('session', { method: 'POST', body: { code } })
    this.#storage.setItem(TOKEN_KEY, token)
  }

  /** `GET /api/<path>`; undefined and empty parameters are left out. Throws an ApiError. */
  async get<T>(path: string, params: Params = {}): Promise<T> {
    const given = Object.entries(params).filter(([, value]) => value !== undefined && value !== '')
    const query = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString()
    return this.#call<T>(query ? `${path}?${query}` : path, { method: 'GET' })
  }

  /** `POST /api/actions/<name>`. Throws an ApiError. */
  async act<Name extends ActionName>(name: Name, args: Actions[Name]): Promise<AnswerOf<Name>> {
    return this.#call(`actions/${name}`, { method: 'POST', body: args })
  }

  async #call<T>(path: string, { method, body }: { method: string; body?: object }): Promise<T> {
    const headers: Record<string, string> = {}
    if (this.token) headers.Authorization = `Bearer ${this.token}`
    if (body) headers['Content-Type'] = 'application/json'
    const giveUp = new AbortController()
    const timer = setTimeout(() => giveUp.abort(), TIMEOUT_MS)
    const { signal } = giveUp
    const call = this.#fetch
    try {
      const request = { method, headers, body: body ? JSON.stringify(body) : null, signal }
      return await this.#answer<T>(await call(`/api/${path}`, request), path)
    } catch (cause) {
      if (cause instanceof ApiError) throw cause
      if (signal.aborted) throw new ApiError(504, 'too_slow', 'The node has not answered for 30 seconds.')
      throw new ApiError(0, 'unreachable', `The node does not answer: ${String(cause)}`)
    } finally {
      clearTimeout(timer)
    }
  }

  async #answer<T>(response: Response, path: string): Promise<T> {
    if (response.ok) return readAnswer(await response.text(), response.status) as T
    // A code that is too old says nothing of the token that this browser may have.
    if (response.status === 401 && path !== 'session') this.onLocked()
    throw await errorOf(response)
  }
}

/** Reads a call's answer, which is always an object. Throws an ApiError `unreadable`. */
function readAnswer(text: string, status: number): object {
  let answer: unknown
  try {
    answer = JSON.parse(text)
  } catch {
    // Cut off, or a proxy's page: there is nothing in it to tell of.
    answer = null
  }
  if (typeof answer === 'object' && answer !== null) return answer
  throw new ApiError(status, 'unreadable', 'The node’s answer cannot be read.')
}

async function errorOf(response: Response): Promise<ApiError> {
  const text = await response.text()
  try {
    const { error, message } = JSON.parse(text) as ErrorAnswer
    return new ApiError(response.status, error, message)
  } catch {
    // Not our node's answer, such as a proxy's page: its status is all that there is to say.
    return new ApiError(response.status, 'unknown', `The node answered ${response.status}.`)
  }
}

/** Takes the one-time code out of the address, so that it is in no history and no copied link. */
export function takeCode(location: Location, history: History): string | null {
  const code = /^#code=([\w-]+)$/.exec(location.hash)?.[1]
  if (!code) return null
  history.replaceState(null, '', location.pathname)
  return code
}
