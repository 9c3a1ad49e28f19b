import type { Event } from '../../core/events.ts'
import { weight } from '../../core/events.ts'
import type { Database } from '../sqlite.ts'
import { RollupDelta } from './rollups.ts'
import type { Entry, Occurrence, StoredRow } from './rows.ts'
import { columnsOf, effectiveTime, entryOf, EVENT_COLUMNS, hasId, storedId } from './rows.ts'
import { Scopes } from './scopes.ts'
import type { SessionFold } from './session-fold.ts'
import type { Change } from './session-store.ts'
import { SessionStore } from './session-store.ts'
import { searchTerms } from './terms.ts'

/** What a batch brought. */
export interface Written {
  /** Events that were not there, in the order of their rows. */
  added: Entry[]
  sessions: SessionFold[]
}

/** An event on its way into the index: as it is there, and as it will be. */
interface Pending {
  before: Entry | null
  after: Entry
}

const keyOf = ({ source, id }: Event): string => source + id

/** Writes events into the index, each once, with everything that follows from them. One call at a time. */
export class Writer {
  readonly #db: Database
  readonly #scopes: Scopes
  readonly #sessions: SessionStore

  constructor(db: Database) {
    this.#db = db
    this.#scopes = new Scopes(db)
    this.#sessions = new SessionStore(db)
  }

  /** Adds events, and whatever `also` writes, in one transaction. */
  async add(occurrences: readonly Occurrence[], also: () => Promise<unknown>): Promise<Written> {
    const repeats: [row: number, id: string, source: string][] = []
    const pending = await this.#known(occurrences)
    for (const occurrence of occurrences) {
      const key = keyOf(occurrence.event)
      const known = pending.get(key)
      if (!known) {
        pending.set(key, { before: null, after: firstOf(occurrence) })
      } else if (occurrence.row !== known.after.row) {
        const { event, row } = occurrence
        repeats.push([Math.max(row, known.after.row), storedId(event.id), event.source])
        known.after = heavier(known.after, occurrence)
      }
    }
    const changes = [...pending.values()].filter(({ before, after }) => before !== after)
    return this.#transaction(async () => {
      const sessions = await this.#write(changes)
      await this.#moveRepeats(changes)
      if (repeats.length > 0) await this.#writeRepeats(repeats)
      await also()
      const added = changes.filter(({ before }) => !before).map(({ after }) => after)
      return { added: added.sort((a, b) => a.row - b.row), sessions }
    })
  }

  /**
   * Takes events out of the index, or leaves of each what its occurrences in `left` make of it, and whatever `also`
   * writes, in one transaction. Entries are as they are in the index; occurrences are in the order of their rows.
   */
  reduce(
    entries: readonly { before: Entry; left: readonly Occurrence[] }[],
    also: () => Promise<unknown>,
  ): Promise<SessionFold[]> {
    const repeats: [row: number, id: string, source: string][] = []
    const changes = entries.map(({ before, left }) => {
      const [first, ...others] = left
      for (const { row, event } of others) repeats.push([row, storedId(event.id), event.source])
      return { before, after: first ? others.reduce(heavier, firstOf(first)) : null }
    })
    return this.#transaction(async () => {
      const rows = JSON.stringify(entries.map(({ before }) => before.row))
      await this.#db.run('DELETE FROM repeats WHERE event IN (SELECT value FROM json_each(?))', [rows])
      const sessions = await this.#write(changes)
      if (repeats.length > 0) await this.#writeRepeats(repeats)
      await also()
      return sessions
    })
  }

  async #transaction<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await this.#db.transaction(work)
    } catch (error) {
      this.#scopes.clear()
      this.#sessions.clear()
      throw error
    }
  }

  /** The events of these that are in the index, by key. */
  async #known(occurrences: readonly Occurrence[]): Promise<Map<string, Pending>> {
    const ids = [...new Set(occurrences.map(({ event }) => storedId(event.id)))]
    const rows = await this.#db.all<StoredRow>(
      `SELECT ${EVENT_COLUMNS} FROM json_each(?) j CROSS JOIN events e ON ${hasId('j')} JOIN scopes s USING (scope)`,
      [JSON.stringify(ids)],
    )
    const wanted = rows.length > 0 ? new Set(occurrences.map(({ event }) => keyOf(event))) : null
    const known = new Map<string, Pending>()
    for (const entry of rows.map(entryOf)) {
      const key = keyOf(entry.event)
      if (wanted?.has(key)) known.set(key, { before: entry, after: entry })
    }
    return known
  }

  async #write(changes: readonly Change[]): Promise<SessionFold[]> {
    const removed = changes.map(({ before }) => before).filter((entry) => entry !== null)
    const inserted = changes.map(({ after }) => after).filter((entry) => entry !== null)
    if (removed.length > 0) {
      await this.#db.run(
        `INSERT INTO search (search, rowid, terms) SELECT 'delete', value->>0, value->>1 FROM json_each(?)`,
        [searchJson(removed)],
      )
      await this.#db.run(`DELETE FROM events WHERE row IN (SELECT value FROM json_each(?))`, [
        JSON.stringify(removed.map(({ row }) => row)),
      ])
    }
    const rollups = new RollupDelta()
    const count = () => {
      for (const entry of removed) rollups.add(entry, -1)
      for (const entry of inserted) rollups.add(entry, 1)
    }
    if (inserted.length > 0) {
      const scopes = await this.#scopes.numbersOf(inserted.map(({ event }) => event))
      // What comes next is made ready while SQLite is at work.
      const rows = this.#db.run(
        `INSERT INTO events SELECT ${Array.from({ length: 9 }, (_, i) => `value->>${i}`).join(', ')} FROM json_each(?)`,
        [JSON.stringify(inserted.map((entry, i) => columnsOf(entry, scopes[i]!)))],
      )
      const terms = searchJson(inserted)
      await rows
      const search = this.#db.run(
        `INSERT INTO search (rowid, terms) SELECT value->>0, value->>1 FROM json_each(?)`,
        [terms],
      )
      count()
      await search
    } else {
      count()
    }
    const [sessions, counted] = await Promise.allSettled([
      this.#sessions.apply(changes),
      rollups.write(this.#db),
    ])
    if (sessions.status === 'rejected') throw sessions.reason
    if (counted.status === 'rejected') throw counted.reason
    return sessions.value
  }

  /** Where an event takes an earlier place, its repeats go with it. */
  async #moveRepeats(changes: readonly Change[]): Promise<void> {
    const moved = changes.flatMap(({ before, after }) =>
      before && after && before.row !== after.row ? [[before.row, after.row]] : [],
    )
    if (moved.length === 0) return
    await this.#db.run(
      `UPDATE repeats SET event = j.value->>1 FROM json_each(?) j WHERE event = j.value->>0`,
      [JSON.stringify(moved)],
    )
  }

  /** Notes where events came again, at their rows as they are now. */
  async #writeRepeats(repeats: readonly [row: number, id: string, source: string][]): Promise<void> {
    await this.#db.run(
      `INSERT OR REPLACE INTO repeats
       SELECT r.row, e.row
       FROM (SELECT value->>0 AS row, value->>1 AS value, value->>2 AS source FROM json_each(?)) r
       CROSS JOIN events e ON ${hasId('r')} JOIN scopes s ON s.scope = e.scope AND s.source = r.source`,
      [JSON.stringify(repeats)],
    )
  }
}

function searchJson(entries: readonly Entry[]): string {
  return JSON.stringify(entries.map(({ row, event }) => [row, searchTerms(event)]))
}

function firstOf({ row, receivedAt, event }: Occurrence): Entry {
  return { row, receivedAt, event, carried: row, ...effectiveTime(event, receivedAt) }
}

/** What an entry becomes when its event comes again: its first place, and the heavier payload, the first of equals. */
function heavier(entry: Entry, again: Occurrence): Entry {
  const gain = weight(again.event) - weight(entry.event)
  const takesPayload = gain > 0 || (gain === 0 && again.row < entry.carried)
  const takesPlace = again.row < entry.row
  if (!takesPayload && !takesPlace) return entry
  const { row, receivedAt } = takesPlace ? again : entry
  const { event, carried } = takesPayload ? { event: again.event, carried: again.row } : entry
  return { row, receivedAt, event, carried, ...effectiveTime(event, receivedAt) }
}
