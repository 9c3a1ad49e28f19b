import { parseStored } from './stored.ts'

const KEY = 'vibetea.left'

/** When the page was last looked at, and what had come by then. */
export interface Left {
  /** ms since 1970. */
  at: number
  /** When the newest row was received, RFC 3339 UTC of the node's clock. */
  receivedAt: string
}

function readLeft(stored: string | null): Left | null {
  const { at, receivedAt } = Object(parseStored(stored)) as Partial<Record<keyof Left, unknown>>
  const isOurs = typeof at === 'number' && Number.isFinite(at) && typeof receivedAt === 'string'
  return isOurs ? { at, receivedAt } : null
}

/** Where the reader was when the page was last in view; kept in this browser. */
export class LastSeen {
  left = $state.raw<Left | null>(null)
  readonly #storage: Pick<Storage, 'getItem' | 'setItem'>

  constructor(storage: Pick<Storage, 'getItem' | 'setItem'>) {
    this.#storage = storage
    this.left = readLeft(storage.getItem(KEY))
  }

  /** The page goes out of view; `receivedAt` null where nothing had come. */
  leave(at: number, receivedAt: string | null): void {
    if (receivedAt === null) return
    this.left = { at, receivedAt }
    this.#storage.setItem(KEY, JSON.stringify(this.left))
  }
}
