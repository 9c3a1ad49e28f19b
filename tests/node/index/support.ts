import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { Event, EventType, Tokens } from '../../../core/events.ts'
import type { Arrival, ArrivalStore, IndexedBlock, ReadableLog } from '../../../node/index/port.ts'
import { Index } from '../../../node/index/index.ts'

/** Friday, 20 November 2026, 10:00 UTC. */
export const NOW = Date.parse('2026-11-20T10:00:00.000Z')
export const MINUTE = 60_000
export const SOURCE = 'macbook-k3f9xq'
export const SESSION = '4f0c1a52-7b1e-4d0a-9c55-0a1b2c3d4e5f'
export const OTHER_SESSION = '5a7d33e0-2c4b-4f6a-8e19-1f2e3d4c5b6a'

/** A log in memory: `append` is one block. */
export class MemoryLog implements ReadableLog {
  readonly core: string
  readonly source: string
  floor = 0
  readonly blocks: (readonly Event[])[] = []
  readonly invalid = new Map<number, number>()
  readonly #listeners = new Set<() => void>()

  constructor(core = 'core-a', source = SOURCE) {
    this.core = core
    this.source = source
  }

  get length(): number {
    return this.blocks.length
  }

  append(...events: Event[]): void {
    this.blocks.push(events)
    for (const listener of this.#listeners) listener()
  }

  read(seq: number, limit: number): Promise<IndexedBlock[]> {
    const first = Math.max(seq, this.floor)
    return Promise.resolve(
      this.blocks.slice(first, seq + limit).map((events, i) => {
        return { core: this.core, seq: first + i, events, invalid: this.invalid.get(first + i) ?? 0 }
      }),
    )
  }

  onAppend(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}

const isSameSecond = (a: number, b: number) => Math.floor(a / 1000) === Math.floor(b / 1000)

/** The arrival order in memory, as `state.db` keeps it. */
export class MemoryArrivals implements ArrivalStore {
  readonly orderId: string
  readonly ranges: Arrival[] = []

  constructor(orderId = randomBytes(6).toString('hex')) {
    this.orderId = orderId
  }

  all(): Promise<Arrival[]> {
    return Promise.resolve(this.ranges.map((range) => ({ ...range })))
  }

  note(core: string, seq: number, blocks: number, receivedAt: number): Promise<Arrival> {
    const last = this.ranges.at(-1)
    if (last?.core === core && last.seq + last.blocks === seq && isSameSecond(last.receivedAt, receivedAt)) {
      last.blocks += blocks
      return Promise.resolve({ ...last })
    }
    const number = last ? last.number + last.blocks : 0
    const range = { number, core, seq, blocks, receivedAt }
    this.ranges.push(range)
    return Promise.resolve({ ...range })
  }
}

/** A directory that the test's end removes. */
export async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'vibetea-index-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  return directory
}

/** An index in a directory of its own, whose clock the test turns. */
export class TestIndex {
  readonly path: string
  readonly arrivals = new MemoryArrivals()
  readonly notices: string[] = []
  now = NOW
  index!: Index

  constructor(path: string) {
    this.path = path
  }

  async open(): Promise<Index> {
    this.index = await Index.open(this.path, {
      arrivals: this.arrivals,
      now: () => this.now,
      log: (level, message) => this.notices.push(`${level}: ${message}`),
    })
    return this.index
  }
}

/** Opens an index that follows `logs`, and closes it when the test ends. */
export async function openIndex(...logs: MemoryLog[]): Promise<TestIndex> {
  const test = new TestIndex(join(await temporaryDirectory(), 'index.db'))
  await test.open()
  onTestFinished(() => test.index.close())
  for (const log of logs) test.index.follow(log)
  await test.index.caughtUp()
  return test
}

let nextId = 0

export function newId(): string {
  return `evt_${(nextId++).toString(36).padStart(20, '0')}`
}

interface Head {
  id?: string
  source?: string
  /** Minutes from NOW, or ms since 1970 where `atMs` is given. */
  at?: number
  timestamp?: string
  session?: string
  project?: string
  projectTag?: string
  assistant?: Event['payload']['assistant']
}

function event(eventType: EventType, head: Head, fields: object): Event {
  const { id = newId(), source = SOURCE, at = -1, session = SESSION, project = 'vibetea' } = head
  const common = {
    sessionId: session,
    project,
    ...(head.projectTag !== undefined && { projectTag: head.projectTag }),
    assistant: head.assistant ?? 'claude',
  }
  const timestamp = head.timestamp ?? new Date(NOW + at * MINUTE).toISOString()
  return { id, source, timestamp, eventType, payload: { ...common, ...fields } } as Event
}

export const prompt = (head: Head = {}): Event => event('activity', head, { kind: 'prompt' })

export const response = (head: Head & { model?: string; tokens?: Partial<Tokens> } = {}): Event =>
  event('activity', head, {
    kind: 'response',
    model: head.model ?? 'claude-opus-4-5',
    tokens: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, ...head.tokens },
  })

export const waiting = (reason: string, head: Head = {}): Event =>
  event('activity', head, { kind: 'waiting', reason })

export const session = (action: string, head: Head = {}): Event => event('session', head, { action })

export const failure = (category: string, head: Head = {}): Event => event('error', head, { category })

export const agent = (agentType: string, head: Head = {}): Event =>
  event('agent', head, { agentId: 'ybndrfg8ejkm', agentType, state: 'started' })

export const tool = (
  name: string,
  head: Head & { status?: string; context?: string; fileTag?: string } = {},
): Event =>
  event('tool', head, {
    tool: name,
    callId: 'ybndrfg8ejkm',
    status: head.status ?? 'started',
    ...(head.context !== undefined && { context: head.context }),
    ...(head.fileTag !== undefined && { fileTag: head.fileTag }),
  })
