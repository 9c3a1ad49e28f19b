import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Event } from '../../core/events.ts'
import type { IndexedBlock, ReadableLog } from '../../node/index/port.ts'

const EVENTS_PER_BLOCK = 100
const EVENTS_PER_SESSION = 330
const TOOLS = [
  'Read',
  'Edit',
  'Bash',
  'Grep',
  'Write',
  'Glob',
  'TodoWrite',
  'WebFetch',
  'mcp__browser__click',
]
const MODELS = ['claude-opus-4-5-20251101', 'claude-sonnet-4-5-20250929', 'claude-haiku-4-5-20251001']
const WITH_FILES = new Set(['Read', 'Edit', 'Write'])
const PROJECTS = Array.from({ length: 20 }, (_, i) => `project-${i}`)
const LETTERS = 'ybndrfg8ejkmcpqxot1uwisza345h769'

/** Numbers that look random and are the same in each run (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

/** A log whose blocks are made up as they are read: a developer's work, evenly over some time. */
export class MadeUpLog implements ReadableLog {
  readonly core: string
  readonly source: string
  readonly floor = 0
  readonly length: number
  readonly #number: number
  readonly #from: number
  readonly #msPerEvent: number
  readonly #letters = Buffer.alloc(20)
  readonly #sessionIds = new Map<number, string>()

  /** `events` from `from` to `to` (ms since 1970). */
  constructor(number: number, events: number, from: number, to: number) {
    this.#number = number
    this.core = `core-${number}`
    this.source = `machine-${LETTERS.slice(number, number + 6)}`
    this.length = Math.ceil(events / EVENTS_PER_BLOCK)
    this.#from = from
    this.#msPerEvent = (to - from) / events
  }

  /** Lets go of the event loop after each block, as a log on disk does. */
  async read(seq: number, limit: number): Promise<IndexedBlock[]> {
    const blocks: IndexedBlock[] = []
    for (let i = seq; i < Math.min(seq + limit, this.length); i++) {
      blocks.push({ core: this.core, seq: i, events: this.#events(i), invalid: 0 })
      await nextTurn()
    }
    return blocks
  }

  onAppend(): () => void {
    return () => undefined
  }

  #events(seq: number): Event[] {
    const random = randomNumbers(seq * 97 + this.#number * 7919 + 1)
    const letters = (count: number) => {
      for (let i = 0; i < count; i++) this.#letters[i] = LETTERS.charCodeAt(Math.floor(random() * 32))
      return this.#letters.toString('latin1', 0, count)
    }
    const count = (most: number) => Math.floor(random() * most)
    // Each shape is spelled out, for objects put together of others are slow to make and to read.
    return Array.from({ length: EVENTS_PER_BLOCK }, (_, i): Event => {
      const place = seq * EVENTS_PER_BLOCK + i
      // Three sessions go on side by side.
      const session = Math.floor(place / (EVENTS_PER_SESSION * 3)) * 3 + (place % 3)
      const { source } = this
      const sessionId = this.#sessionId(session)
      const project = PROJECTS[session % PROJECTS.length]!
      const projectTag = 'ybndrfg8ejkm'
      const assistant = 'claude'
      const id = `evt_${letters(20)}`
      const timestamp = new Date(this.#from + place * this.#msPerEvent).toISOString()
      const kind = random()
      if (kind < 0.03) {
        const payload = { sessionId, project, projectTag, assistant, kind: 'prompt' } as const
        return { id, source, timestamp, eventType: 'activity', payload }
      }
      if (kind < 0.25) {
        const tokens = {
          input: count(50),
          output: count(2000),
          cacheRead: count(90_000),
          cacheWrite: count(3000),
        }
        const model = MODELS[count(3)]!
        const payload = {
          sessionId,
          project,
          projectTag,
          assistant,
          kind: 'response',
          model,
          tokens,
        } as const
        return { id, source, timestamp, eventType: 'activity', payload }
      }
      if (kind < 0.252) {
        const payload = { sessionId, project, projectTag, assistant, category: 'overloaded' } as const
        return { id, source, timestamp, eventType: 'error', payload }
      }
      const tool = TOOLS[Math.floor(random() * random() * TOOLS.length)]!
      const callId = letters(12)
      const status = kind < 0.63 ? 'started' : kind < 0.96 ? 'completed' : 'failed'
      const file = Math.floor(random() * 3000)
      if (!WITH_FILES.has(tool)) {
        const payload = { sessionId, project, projectTag, assistant, tool, callId, status } as const
        return { id, source, timestamp, eventType: 'tool', payload }
      }
      const context = `file-${file}.ts`
      const fileTag = letters(12)
      const payload = {
        sessionId,
        project,
        projectTag,
        assistant,
        tool,
        callId,
        status,
        context,
        fileTag,
      } as const
      return { id, source, timestamp, eventType: 'tool', payload }
    })
  }

  #sessionId(session: number): string {
    const known = this.#sessionIds.get(session)
    if (known) return known
    const hex = (session * 2654435761).toString(16).padStart(12, '0').slice(-12)
    const id = `${hex.slice(0, 8)}-${hex.slice(8)}-4000-8000-00000000000${this.#number}`
    if (this.#sessionIds.size > 100) this.#sessionIds.clear()
    this.#sessionIds.set(session, id)
    return id
  }
}
