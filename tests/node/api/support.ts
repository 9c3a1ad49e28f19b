import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { request, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import type { EventRow, MemberRow, PeerStatus, ServerMessage, SessionRow } from '../../../core/api.ts'
import type { Backend, LiveFeed } from '../../../node/api/backend.ts'
import type { Timers } from '../../../core/timers.ts'
import { startApi, type Api } from '../../../node/api/server.ts'
import { Tokens } from '../../../node/api/tokens.ts'

export const NOW = Date.parse('2026-11-20T08:00:00Z')
export const SOURCE = 'macbook-k3f9xq'
export const OTHER_SOURCE = 'thinkpad-y7d1rt'
const SESSION = '0d9e3f0a-5a5c-4f1e-9a57-1f6f3d1b2c4d'

/** Time that moves when the test says so. */
export class TestClock implements Timers {
  #now = NOW
  #tasks: { at: number; task: () => void }[] = []

  now(): number {
    return this.#now
  }

  after(ms: number, task: () => void): () => void {
    const entry = { at: this.#now + ms, task }
    this.#tasks.push(entry)
    return () => {
      this.#tasks = this.#tasks.filter((other) => other !== entry)
    }
  }

  /** Lets time pass; what falls due runs at its time. */
  pass(ms: number): void {
    const end = this.#now + ms
    for (;;) {
      const [next] = this.#tasks.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)
      if (!next) break
      this.#tasks = this.#tasks.filter((other) => other !== next)
      this.#now = next.at
      next.task()
    }
    this.#now = end
  }
}

/** The `n`th row that the node received: a tool event. */
export function row(n: number, { source = SOURCE, project = 'web', type = 'tool' } = {}): EventRow {
  const at = new Date(NOW + n).toISOString()
  const common = { sessionId: SESSION, project, assistant: 'claude' as const }
  const head = {
    id: `evt_${String(n).padStart(20, '0')}`,
    source,
    timestamp: at,
    cursor: `c.${n}`,
    receivedAt: at,
  }
  return type === 'tool'
    ? {
        ...head,
        eventType: 'tool',
        payload: { ...common, tool: 'Read', callId: 'ybndrfg8ejkm', status: 'started' },
      }
    : { ...head, eventType: 'activity', payload: { ...common, kind: 'prompt' } }
}

export function sessionRow(n: number, { source = SOURCE, project = 'web' } = {}): SessionRow {
  const tokens = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 }
  return {
    sessionId: `0d9e3f0a-5a5c-4f1e-9a57-${String(n).padStart(12, '0')}`,
    source,
    handle: 'amber-kettle',
    project,
    assistant: 'claude',
    state: 'active',
    needs: null,
    needsSince: null,
    startedAt: new Date(NOW).toISOString(),
    lastEventAt: new Date(NOW).toISOString(),
    endedAt: null,
    totals: { prompts: n, tools: 0, failures: 0, errors: 0, tokens, durationMs: 0 },
    last: null,
    density: { from: new Date(NOW).toISOString(), stepMs: 60_000, counts: [] },
  }
}

/** A feed whose rows the test adds. `after` can be held up, to let rows come in between. */
export class TestFeed implements LiveFeed {
  readonly rows: EventRow[] = []
  /** Awaited after the rows of an `after` have been read, and before. */
  beforeRead: () => Promise<void> | void = () => undefined
  afterRead: () => Promise<void> | void = () => undefined
  #told = 'c.0'
  readonly #listeners = {
    rows: new Set<(rows: readonly EventRow[], head: string) => void>(),
    sessions: new Set<(sessions: readonly SessionRow[]) => void>(),
    peers: new Set<(peers: readonly PeerStatus[]) => void>(),
    presence: new Set<(members: readonly MemberRow[]) => void>(),
    notice: new Set<(level: 'info' | 'warning' | 'error', message: string) => void>(),
  }

  get head(): string {
    return this.#told
  }

  get listeners(): number {
    return Object.values(this.#listeners).reduce((sum, { size }) => sum + size, 0)
  }

  async after(cursor: string, limit: number): Promise<EventRow[] | null> {
    await this.beforeRead()
    const index = cursor === 'c.0' ? 0 : this.rows.findIndex((other) => other.cursor === cursor) + 1
    const isKnown = cursor === 'c.0' || index > 0
    const rows = isKnown && this.rows.length - index <= limit ? this.rows.slice(index) : null
    await this.afterRead()
    return rows
  }

  /** Rows come into the index and are told to whoever listens. */
  add(...rows: EventRow[]): void {
    this.rows.push(...rows)
    this.tell(...rows)
  }

  /** Tells of rows that are in the index already. */
  tell(...rows: EventRow[]): void {
    this.#told = rows.at(-1)!.cursor
    for (const listener of this.#listeners.rows) listener(rows, this.#told)
  }

  sessions(...sessions: SessionRow[]): void {
    for (const listener of this.#listeners.sessions) listener(sessions)
  }

  peers(...peers: PeerStatus[]): void {
    for (const listener of this.#listeners.peers) listener(peers)
  }

  presence(...members: MemberRow[]): void {
    for (const listener of this.#listeners.presence) listener(members)
  }

  notice(level: 'info' | 'warning' | 'error', message: string): void {
    for (const listener of this.#listeners.notice) listener(level, message)
  }

  onRows(listener: (rows: readonly EventRow[], head: string) => void): () => void {
    return listen(this.#listeners.rows, listener)
  }
  onSessions(listener: (sessions: readonly SessionRow[]) => void): () => void {
    return listen(this.#listeners.sessions, listener)
  }
  onPeers(listener: (peers: readonly PeerStatus[]) => void): () => void {
    return listen(this.#listeners.peers, listener)
  }
  onPresence(listener: (members: readonly MemberRow[]) => void): () => void {
    return listen(this.#listeners.presence, listener)
  }
  onNotice(listener: (level: 'info' | 'warning' | 'error', message: string) => void): () => void {
    return listen(this.#listeners.notice, listener)
  }
}

function listen<T>(listeners: Set<T>, listener: T): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** A backend that answers with what it was asked, and notes each call. */
export function scriptedBackend(feed: TestFeed) {
  const calls: { name: string; args: unknown }[] = []
  const answer = (name: string) => (args?: unknown) => {
    calls.push({ name, args })
    return Promise.resolve({ asked: name, args } as never)
  }
  const backend: Backend = {
    status: answer('status'),
    events: answer('events'),
    sessions: answer('sessions'),
    heatmap: answer('heatmap'),
    stats: answer('stats'),
    members: answer('members'),
    overlaps: answer('overlaps'),
    timeline: answer('timeline'),
    meetings: answer('meetings'),
    outbox: answer('outbox'),
    health: () => 'ok',
    metrics: () => Promise.resolve('vibetea_events_total 3\n'),
    act: (name, args) => answer(name)(args),
    live: feed,
  }
  return { backend, calls }
}

export const PAGE =
  '<!doctype html><title>VibeTea</title><script type="module" src="/assets/app.js"></script>'

/** A page's directory that is removed after the test. */
export function pageDirectory(files: Readonly<Record<string, string>> = {}): string {
  const directory = mkdtempSync(join(tmpdir(), 'vibetea-page-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  mkdirSync(join(directory, 'assets'))
  const all = { 'index.html': PAGE, 'assets/app.js': 'document.title = "ran"', ...files }
  for (const [name, text] of Object.entries(all)) writeFileSync(join(directory, name), text)
  return directory
}

export interface TestApi extends Api {
  feed: TestFeed
  backend: Backend
  calls: { name: string; args: unknown }[]
  clock: TestClock
  tokens: Tokens
  logged: { fields: object; message: string }[]
  ask(path: string, options?: AskOptions): Promise<Answer>
}

export interface AskOptions {
  method?: string
  headers?: OutgoingHttpHeaders
  /** The API token where not said; null sends none. */
  token?: string | null
  body?: string | object
}

export interface Answer {
  status: number
  headers: IncomingHttpHeaders
  text: string
  json: Record<string, unknown>
}

let seed = 0
/** Bytes that differ each time, and are the same in each run. */
const bytes = (length: number) => Uint8Array.from({ length }, (_, index) => (index * 31 + (seed += 7)) & 255)

/** A server on a free port with a scripted backend; closed after the test. */
export async function testApi({ uiDirectory = pageDirectory(), port = 0 } = {}): Promise<TestApi> {
  const feed = new TestFeed()
  const clock = new TestClock()
  const tokens = new Tokens({ randomBytes: bytes, now: () => clock.now() })
  const logged: { fields: object; message: string }[] = []
  const log = { error: (fields: object, message: string) => void logged.push({ fields, message }) }
  const { backend, calls } = scriptedBackend(feed)
  const api = await startApi({ backend, port, uiDirectory, tokens, clock, version: '1.2.3', log })
  onTestFinished(async () => {
    const closed = api.close()
    clock.pass(1000)
    await closed
  })
  return { ...api, feed, backend, calls, clock, tokens, logged, ask: (path, options) => ask(path, options) }

  function ask(path: string, { method = 'GET', headers = {}, token = tokens.api, body }: AskOptions = {}) {
    const text = typeof body === 'object' ? JSON.stringify(body) : body
    return send(api.port, path, {
      method,
      headers: {
        ...(token !== null && { Authorization: `Bearer ${token}` }),
        ...(text !== undefined && { 'Content-Type': 'application/json' }),
        ...headers,
      },
      ...(text !== undefined && { body: text }),
    })
  }
}

function send(
  port: number,
  path: string,
  { method, headers, body }: { method: string; headers: OutgoingHttpHeaders; body?: string },
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', port, path, method, headers, agent: false }, (incoming) => {
      const chunks: Buffer[] = []
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
      incoming.on('end', () => {
        const text = Buffer.concat(chunks).toString()
        const isJson = incoming.headers['content-type']?.startsWith('application/json') && text !== ''
        const json = (isJson ? JSON.parse(text) : {}) as Record<string, unknown>
        resolve({ status: incoming.statusCode!, headers: incoming.headers, text, json })
      })
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

export type Message<T extends ServerMessage['type']> = Extract<ServerMessage, { type: T }>

/** A program on the WebSocket that keeps what it is sent. */
export class Client {
  readonly messages: ServerMessage[] = []
  readonly socket: WebSocket
  readonly #waiting: (() => void)[] = []

  constructor(socket: WebSocket) {
    this.socket = socket
    socket.on('message', (data: Buffer) => {
      this.messages.push(JSON.parse(data.toString()) as ServerMessage)
      for (const wake of this.#waiting.splice(0)) wake()
    })
  }

  /** Waits for the next message, of a kind. */
  async next<T extends ServerMessage['type']>(type: T): Promise<Message<T>> {
    while (this.messages.length === 0) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    const message = this.messages.shift()!
    if (message.type !== type)
      throw new Error(`expected ${type}, not ${JSON.stringify(message).slice(0, 300)}`)
    return message as Message<T>
  }

  /** Waits until everything that the server has sent so far is here. */
  async settled(): Promise<void> {
    const pong = new Promise((resolve) => this.socket.once('pong', resolve))
    this.socket.ping()
    await pong
  }

  closed(): Promise<{ code: number }> {
    return new Promise((resolve) => this.socket.once('close', (code) => resolve({ code })))
  }
}

export interface ConnectOptions {
  query?: string
  path?: string
  protocols?: string[]
  headers?: Record<string, string>
}

/** Opens the WebSocket as a program with the API token does; closed after the test. */
export function connect(api: TestApi, options: ConnectOptions = {}): Promise<Client> {
  const {
    query = '',
    path = '/ws',
    protocols = ['vibetea.v1', `bearer.${api.tokens.api}`],
    headers = {},
  } = options
  const socket = new WebSocket(`ws://127.0.0.1:${api.port}${path}${query}`, protocols, { headers })
  onTestFinished(() => socket.terminate())
  const client = new Client(socket)
  return new Promise((resolve, reject) => {
    socket.once('open', () => resolve(client))
    socket.once('error', reject)
    socket.once('unexpected-response', (_request, response) => {
      let text = ''
      response.on('data', (chunk: Buffer) => (text += chunk.toString()))
      response.on('end', () =>
        reject(Object.assign(new Error(`${response.statusCode} ${text}`), { response })),
      )
    })
  })
}
