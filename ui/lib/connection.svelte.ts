import { API_VERSION, type ServerMessage } from '../../core/api.ts'

const FIRST_WAIT_MS = 500
const LONGEST_WAIT_MS = 10_000

/** `locked`: the node does not know our token. */
export type ConnectionState = 'connecting' | 'live' | 'down' | 'locked'

export interface ConnectionOptions {
  /** Opens `/ws`; `query` is '' or begins with a question mark. */
  open: (query: string, protocols: string[]) => WebSocket
  token: () => string | null
  /** Any call with the token: a WebSocket that fails does not say whether it was refused. */
  probe: () => Promise<unknown>
  /** Each message, the first of a connection is `hello`. */
  onMessage: (message: ServerMessage) => void
  now: () => number
  random: () => number
}

/** How long to wait before the nth attempt (from 0): twice as long each time, and never at once with other tabs. */
export function waitBefore(attempt: number, random: number): number {
  return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** attempt) * (0.5 + random / 2)
}

/** The one WebSocket of a page: it comes back by itself and goes on where it was. */
export class Connection {
  state = $state<ConnectionState>('connecting')
  /** While down: when the next attempt is due, ms. */
  retryAt = $state(0)
  /** Up to when everything is here, ms; 0 before the first word. */
  lastDataAt = $state(0)
  /** The cursor up to which everything has come. */
  #head: string | null = null
  #attempt = 0
  #socket: WebSocket | null = null
  #timer: ReturnType<typeof setTimeout> | undefined
  readonly #options: ConnectionOptions

  constructor(options: ConnectionOptions) {
    this.#options = options
  }

  start(): void {
    this.#drop()
    const token = this.#options.token()
    if (!token) {
      this.lock()
      return
    }
    const query = this.#head === null ? '' : `?after=${encodeURIComponent(this.#head)}`
    const socket = this.#options.open(query, [API_VERSION, `bearer.${token}`])
    this.#socket = socket
    socket.onmessage = ({ data }) => {
      const message = readMessage(String(data))
      // What cannot be read may have been an event: the next line goes on where this one was.
      if (message) this.#take(message)
      else socket.close()
    }
    socket.onclose = () => {
      if (this.#socket === socket) void this.#lost()
    }
  }

  /** Tries now rather than when it is due. */
  retry(): void {
    if (this.state === 'down') this.start()
  }

  /** Stops until `unlock`. */
  lock(): void {
    this.#drop()
    this.state = 'locked'
  }

  /** There is a new token: goes on where it was. */
  unlock(): void {
    if (this.state !== 'locked') return
    this.state = 'connecting'
    this.start()
  }

  stop(): void {
    this.#drop()
  }

  #take(message: ServerMessage): void {
    const isNew = message.type === 'events' || message.type === 'gap'
    if (message.type === 'hello') {
      this.state = 'live'
      this.#attempt = 0
    }
    // What was missed is still to come after a hello that resumes: its head would skip it if the line broke now.
    if (isNew || (message.type === 'hello' && !message.resumed)) this.#head = message.head
    this.lastDataAt = this.#options.now()
    this.#options.onMessage(message)
  }

  async #lost(): Promise<void> {
    this.#drop()
    // Up to this moment nothing was missed, even where nothing was said.
    if (this.state === 'live') this.lastDataAt = this.#options.now()
    const wait = waitBefore(this.#attempt++, this.#options.random())
    this.state = 'down'
    this.retryAt = this.#options.now() + wait
    this.#timer = setTimeout(() => this.start(), wait)
    try {
      await this.#options.probe()
    } catch {
      // A refused token has locked the page by now, for the API client says so; an absent node is what `down` means.
    }
  }

  #drop(): void {
    clearTimeout(this.#timer)
    const socket = this.#socket
    this.#socket = null
    socket?.close()
  }
}

/** null for what is no message of a node. */
function readMessage(text: string): ServerMessage | null {
  try {
    const message = JSON.parse(text) as Partial<ServerMessage> | null
    return typeof message?.type === 'string' ? (message as ServerMessage) : null
  } catch {
    // Cut off, or somebody else's: there is nothing in it to tell of.
    return null
  }
}
