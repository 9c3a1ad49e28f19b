import type { MemberRow, SessionRow } from '../core/api.ts'
import { type RosterRow, unnamedSource } from './people-rows.ts'

/** What it needs of the index. */
export interface HeldIndex {
  /** Events in all, by source. */
  totals(): Promise<readonly { source: string; events: number }[]>
  /** When something last happened in a session, ms since 1970, by source. */
  lastSessions(): Promise<readonly { source: string; lastAt: number }[]>
  onSessions(listener: (rows: readonly SessionRow[]) => void): () => void
}

/** What is here of each member's work: how many events, and when the last session was. */
export class Holdings {
  readonly #index: HeldIndex
  #events = new Map<string, number>()
  #lastAt = new Map<string, number>()

  constructor(index: HeldIndex) {
    this.#index = index
    index.onSessions((rows) => {
      for (const { source, lastEventAt } of rows) {
        const lastAt = Math.max(this.#lastAt.get(source) ?? 0, Date.parse(lastEventAt))
        this.#lastAt.set(source, lastAt)
      }
    })
  }

  /** Counts anew. */
  async refresh(): Promise<void> {
    const [totals, sessions] = await Promise.all([this.#index.totals(), this.#index.lastSessions()])
    this.#events = new Map(totals.map(({ source, events }) => [source, events]))
    this.#lastAt = new Map(sessions.map(({ source, lastAt }) => [source, lastAt]))
  }

  /** Members with what was here of them at the last count. */
  with(rows: readonly RosterRow[]): MemberRow[] {
    return rows.map((row) => {
      const source = this.#sourceOf(row)
      const lastAt = this.#lastAt.get(source)
      return {
        ...row,
        source,
        name: row.name === row.source ? source : row.name,
        eventsHeld: this.#events.get(source) ?? 0,
        lastSessionAt: lastAt === undefined ? null : new Date(lastAt).toISOString(),
      }
    })
  }

  /** The source in a member's events, where its profile has not come. */
  #sourceOf({ device, source }: RosterRow): string {
    if (source !== unnamedSource(device)) return source
    const suffix = `-${device.slice(0, 6)}`
    return [...this.#lastAt.keys()].find((known) => known.endsWith(suffix)) ?? source
  }
}
