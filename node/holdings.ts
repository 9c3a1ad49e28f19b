import type { MemberRow, SessionRow } from '../core/api.ts'
import type { RosterRow } from './people-rows.ts'

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
      const lastAt = this.#lastAt.get(row.source)
      return {
        ...row,
        eventsHeld: this.#events.get(row.source) ?? 0,
        lastSessionAt: lastAt === undefined ? null : new Date(lastAt).toISOString(),
      }
    })
  }
}
