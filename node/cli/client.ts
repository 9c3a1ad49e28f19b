import WebSocket from 'ws'
import type { ActionName, Actions, ErrorAnswer, ServerMessage } from '../../core/api.ts'
import { API_VERSION } from '../../core/api.ts'
import { VibeTeaError } from '../../core/errors.ts'
import { readApiToken } from '../home/api-token.ts'
import type { Running } from '../home/lock.ts'
import { readLock } from '../home/lock.ts'

/** A running node, as a command talks to it. */
export class Client {
  readonly url: string
  readonly #token: string

  constructor(url: string, token: string) {
    this.url = url
    this.#token = token
  }

  /** Asks for a path below the node's address. Throws the API's own sentence where it refuses. */
  get<Answer>(path: string, query: Record<string, string | undefined> = {}): Promise<Answer> {
    const search = new URLSearchParams()
    for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, value)
    const tail = search.size > 0 ? `?${search.toString()}` : ''
    return this.#ask<Answer>(path + tail, { method: 'GET' })
  }

  act<Name extends ActionName, Answer = object>(name: Name, args: Actions[Name]): Promise<Answer> {
    return this.#ask<Answer>(`/api/actions/${name}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(args),
    })
  }

  /** Follows `/ws` until it closes or `signal` says so; throws where the node went away by itself. */
  follow(
    query: URLSearchParams,
    onMessage: (message: ServerMessage) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const address = `${this.url.replace(/^http/, 'ws')}/ws?${query.toString()}`
    const socket = new WebSocket(address, [API_VERSION], {
      headers: { authorization: `Bearer ${this.#token}` },
    })
    signal.addEventListener('abort', () => socket.close(), { once: true })
    return new Promise((resolve, reject) => {
      socket.on('message', (data: Buffer) => onMessage(JSON.parse(data.toString()) as ServerMessage))
      socket.on('unexpected-response', (_request, response) => void refusal(response).then(reject, reject))
      socket.on('error', (error) => reject(stopped(error)))
      socket.on('close', () => (signal.aborted ? resolve() : reject(stopped())))
    })
  }

  async #ask<Answer>(path: string, init: RequestInit): Promise<Answer> {
    const headers = { ...(init.headers as Record<string, string>), authorization: `Bearer ${this.#token}` }
    let response: Response
    try {
      response = await fetch(this.url + path, { ...init, headers })
    } catch (error) {
      throw stopped(error)
    }
    const answer: unknown = await response.json()
    if (response.ok) return answer as Answer
    const { error, message } = answer as ErrorAnswer
    throw new VibeTeaError(error, message)
  }
}

/** What the API says of a WebSocket that it does not open. */
async function refusal(response: AsyncIterable<Buffer>): Promise<VibeTeaError> {
  const parts: Buffer[] = []
  for await (const part of response) parts.push(part)
  const { error, message } = JSON.parse(Buffer.concat(parts).toString()) as ErrorAnswer
  return new VibeTeaError(error, message)
}

function stopped(cause?: unknown): VibeTeaError {
  return new VibeTeaError(
    'node_stopped',
    'The node does not answer any more.',
    'Start it with: vibetea start',
    {
      cause,
    },
  )
}

/** The node that runs for a home, or null where none does, or none that answers yet. */
export async function findNode(home: string): Promise<Client | null> {
  return clientOf(await readLock(home))
}

/** The node that runs for a home; throws a sentence with what to do where none does. */
export async function requireNode(home: string): Promise<Client> {
  const running = await readLock(home)
  const client = await clientOf(running)
  if (client) return client
  if (running)
    throw new VibeTeaError('starting', 'VibeTea is just starting or stopping here.', 'Try again in a moment.')
  throw new VibeTeaError('not_running', 'No VibeTea node is running.', 'Start one with: vibetea start')
}

async function clientOf(running: Running | null): Promise<Client | null> {
  if (!running?.url || running.tokenPath === null) return null
  const token = await readApiToken(running.tokenPath)
  return token === null ? null : new Client(running.url, token)
}
