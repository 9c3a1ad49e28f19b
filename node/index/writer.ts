import type { Event } from '../../core/events.ts'
import { weight } from '../../core/events.ts'
import type { Database } from '../sqlite.ts'
import { RollupDelta } from './rollups.ts'
import type { Entry, Occurrence } from './rows.ts'
import {
  columnsOf,
  effectiveTime,
  entryOf,
  EVENT_COLUMNS,
  hasId,
  INSERT_EVENTS,
  storedId,
  storedRows,
} from './rows.ts'
import { Scopes } from './scopes.ts'
import type { SessionFold } from './session-fold.ts'
import type { Change } from './session-store.ts'
import { SessionStore } from './session-store.ts'
import { searchTerms } from './terms.ts'
import { Words } from './words.ts'

/** What a batch brought. */
export interface Written {
  /** Events that were not there, in the order of their rows. */
  added: Entry[]
  sessions: SessionFold[]
  /** The highest row of all, those that came again among them; -1 where there was none. */
  lastPlace: number
}

/** An event on its way into the index: as it is there, and as it will be. */
interface Pending {
  before: Entry | null
  after: Entry
}

/** Events that are made ready or looked up at a time: between two the event loop is free. */
const SLICE = 500

/** Writes events into the index, each once, with everything that follows from them. One call at a time. */
export class Writer {
  readonly #db: Database
  readonly #scopes: Scopes
  readonly #sessions: SessionStore
  readonly #words: Words

  constructor(db: Database) {
    this.#db = db
    this.#scopes = new Scopes(db)
    this.#sessions = new SessionStore(db)
    this.#words = new Words(db)
  }

  /** Adds events, and whatever `also` writes, in one transaction. */
  async add(occurrences: readonly Occurrence[], also: () => Promise<unknown>): Promise<Written> {
    const repeats: [row: number, id: string, source: string][] = []
    const pending = new Pendings()
    for (const slice of slicesOf(occurrences)) {
      await this.#known(slice, pending)
      for (const occurrence of slice) {
        const { row, event } = occurrence
        const known = pending.get(event)
        if (!known) {
          pending.set(event, { before: null, after: firstOf(occurrence) })
        } else if (row !== known.after.row) {
          repeats.push([Math.max(row, known.after.row), storedId(event.id), event.source])
          known.after = heavier(known.after, occurrence)
        }
      }
    }
    const changes = pending.all.filter(({ before, after }) => before !== after)
    return this.#transaction(async () => {
      const sessions = await this.#write(changes)
      await this.#moveRepeats(changes)
      if (repeats.length > 0) await this.#writeRepeats(repeats)
      await also()
      const added = changes.filter(({ before }) => !before).map(({ after }) => after)
      const lastPlace = occurrences.reduce((last, { row }) => Math.max(last, row), -1)
      return { added: added.sort((a, b) => a.row - b.row), sessions, lastPlace }
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
      this.#words.clear()
      throw error
    }
  }

  /** Adds to `pending` the events of these that are in the index. */
  async #known(occurrences: readonly Occurrence[], pending: Pendings): Promise<void> {
    const ids = occurrences.map(({ event }) => storedId(event.id))
    const rows = await storedRows(
      this.#db,
      `SELECT ${EVENT_COLUMNS} FROM json_each(?) j CROSS JOIN events e ON ${hasId('j')} JOIN scopes s USING (scope)`,
      [JSON.stringify(ids)],
    )
    for (const entry of rows.map(entryOf)) {
      if (!pending.get(entry.event)) pending.set(entry.event, { before: entry, after: entry })
    }
  }

  async #write(changes: readonly Change[]): Promise<SessionFold[]> {
    const removed = changes.map(({ before }) => before).filter((entry) => entry !== null)
    const inserted = changes.map(({ after }) => after).filter((entry) => entry !== null)
    const rollups = new RollupDelta()
    const write = async () => {
      await this.#remove(removed, rollups)
      await this.#insert(inserted, rollups)
    }
    const written = write()
    const [sessions, counted] = await Promise.allSettled([
      this.#sessions.apply(changes, written),
      written.then(() => rollups.write(this.#db, this.#words)),
    ])
    if (counted.status === 'rejected') throw counted.reason
    if (sessions.status === 'rejected') throw sessions.reason
    return sessions.value
  }

  async #remove(entries: readonly Entry[], rollups: RollupDelta): Promise<void> {
    if (entries.length === 0) return
    for (const entry of entries) rollups.add(entry, -1)
    await this.#db.run(
      `INSERT INTO search (search, rowid, terms) SELECT 'delete', value->>0, value->>1 FROM json_each(?)`,
      [searchJson(entries)],
    )
    await this.#db.run(`DELETE FROM events WHERE row IN (SELECT value FROM json_each(?))`, [
      JSON.stringify(entries.map(({ row }) => row)),
    ])
  }

  async #insert(entries: readonly Entry[], rollups: RollupDelta): Promise<void> {
    if (entries.length === 0) return
    const scopes = await this.#scopes.numbersOf(entries.map(({ event }) => event))
    let place = 0
    let running: Promise<unknown> = Promise.resolve()
    for (const slice of slicesOf(entries)) {
      // What comes next is made ready while SQLite is at work.
      const rows = JSON.stringify(slice.map((entry) => columnsOf(entry, scopes[place++]!)))
      await running
      running = this.#db.run(INSERT_EVENTS, [rows])
      const terms = searchJson(slice)
      await running
      running = this.#db.run(
        'INSERT INTO search (rowid, terms) SELECT value->>0, value->>1 FROM jsonb_each(?)',
        [terms],
      )
      for (const entry of slice) rollups.add(entry, 1)
    }
    await running
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

/** Events on their way, by source and id; another source's event of one id is another event. */
class Pendings {
  readonly all: Pending[] = []
  readonly #bySource = new Map<string, Map<string, Pending>>()

  get({ source, id }: Event): Pending | undefined {
    return this.#bySource.get(source)?.get(id)
  }

  set({ source, id }: Event, pending: Pending): void {
    let ids = this.#bySource.get(source)
    if (!ids) this.#bySource.set(source, (ids = new Map<string, Pending>()))
    ids.set(id, pending)
    this.all.push(pending)
  }
}

function* slicesOf<T>(list: readonly T[]): Generator<T[]> {
  for (let i = 0; i < list.length; i += SLICE) yield list.slice(i, i + SLICE)
}

function firstOf({ row, receivedAt, event }: Occurrence): Entry {
  const { at, isAhead } = effectiveTime(event, receivedAt)
  return { row, receivedAt, event, at, isAhead, carried: row }
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
