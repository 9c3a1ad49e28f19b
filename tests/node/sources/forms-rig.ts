import { mkdtempSync, renameSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { VibeTeaError } from '../../../core/errors.ts'
import type { Event, Tokens } from '../../../core/events.ts'
import type { Draft, Fact } from '../../../core/rule.ts'
import type { Timers } from '../../../core/timers.ts'
import { weight } from '../../../core/events.ts'
import type { Adapter, Changes, DatabaseReader, Form, Reader } from '../../../node/sources/port.ts'
import { Recorder } from '../../../node/sources/recorder.ts'
import { Sources } from '../../../node/sources/sources.ts'
import { Database } from '../../../node/sqlite.ts'
import { systemTimers } from '../../../node/system-timers.ts'
import { testRule } from './adapter-acceptance.ts'
import { MemoryCursors } from './tail-rig.ts'

export const SESSION = '5e0c7a94-1f1b-4c8e-9d0a-3b6f2a7c1e55'
const T0 = Date.parse('2026-03-14T15:00:00.000Z')
/** Begins a file as a compressed one begins; its lines follow as they are. */
const MAGIC = Buffer.from([0x28, 0xb5, 0x2f, 0xfd])

/** A message of an assistant that there is not: a prompt, or with `output` the response of that many tokens. */
export interface Cup {
  n: number
  output?: number
}

/** Its documents: `.json` with all messages, or `.packed`, each message a piece. The last response is held. */
class CupReader implements Reader {
  #held: Draft[] = []
  #title = ''
  invalidLines = 0
  readonly sessionId = SESSION

  get heldFrom(): number | null {
    return this.#held.length > 0 ? 0 : null
  }

  get local(): { title: string } | Record<string, never> {
    return this.#title === '' ? {} : { title: this.#title }
  }

  read(piece: Buffer): Draft[] {
    try {
      const { title, cups } = JSON.parse(piece.toString()) as { title?: string; cups: Cup[] }
      this.#title = title ?? this.#title
      const drafts = this.#held.concat(cups.map(draftOf))
      this.#held = cups.at(-1)?.output === undefined ? [] : drafts.splice(-1)
      return drafts
    } catch {
      this.invalidLines++
      return []
    }
  }

  flush(): Draft[] {
    return this.#held.splice(0)
  }
}

/** Its databases: a row for each message, and when it was changed, counted by the database. */
class CupDatabase implements DatabaseReader {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  async *changes(since: number): AsyncGenerator<Changes> {
    interface Row extends Cup {
      changed: number
      title: string
    }
    if (!(await this.#isOurs())) return
    for (let after = since - 1; ;) {
      const rows = await this.#database.all<Row>(
        'SELECT n, output, changed, title FROM cups WHERE changed > ? ORDER BY changed LIMIT 3',
        [after],
      )
      const locals = new Map(rows.map(({ title }) => [SESSION, { title }]))
      after = rows.at(-1)?.changed ?? 0
      if (rows.length === 0 && since > 0) {
        const [top] = await this.#database.all<{ changed: number }>(
          'SELECT max(changed) AS changed FROM cups',
        )
        after = top?.changed ?? 0
      }
      yield { drafts: rows.map(draftOf), mark: after, locals }
      if (rows.length < 3) return
    }
  }

  async #isOurs(): Promise<boolean> {
    const tables = await this.#database.all("SELECT name FROM sqlite_master WHERE name = 'cups'")
    return tables.length > 0
  }

  async recentLocals(): Promise<Map<string, { title: string }>> {
    if (!(await this.#isOurs())) return new Map()
    const rows = await this.#database.all<{ title: string }>('SELECT title FROM cups ORDER BY changed')
    return new Map(rows.map(({ title }) => [SESSION, { title }]))
  }

  close(): Promise<void> {
    return this.#database.close()
  }
}

function draftOf({ n, output }: { n: number; output?: number | null }): Draft {
  const fact: Fact =
    output === undefined || output === null
      ? { type: 'prompt', text: `cup ${n}` }
      : {
          type: 'response',
          messageId: `msg_01ABCDEFGHIJKLMNOPQRST${n}`,
          model: 'kettle-1',
          tokens: { input: 0, output, cacheRead: 0, cacheWrite: 0 },
        }
  return { at: T0 + n * 1000, assistant: 'gemini', sessionId: SESSION, cwd: '/home/ada/teahouse', fact }
}

const FORMS: readonly [string, Form][] = [['.json', 'document'], ['.packed', 'document'], ['.db', 'database']] // prettier-ignore

export const cups: Adapter = {
  assistant: 'gemini',
  variable: 'VIBETEA_GEMINI_DIR',
  defaultDirectories: () => [],
  watched: (directory) => [directory],
  enters: (relative) => !relative.startsWith('cold'),
  formOf: (relative) => FORMS.find(([ending]) => relative.endsWith(ending))?.[1] ?? null,
  recognises([first = Buffer.alloc(0)]) {
    if (first.toString('latin1').startsWith('SQLite format 3\0')) return 'database'
    if (first.subarray(0, MAGIC.length).equals(MAGIC)) return 'document'
    return new CupReader().read(first).length > 0 ? 'document' : null
  },
  open: () => new CupReader(),
  *pieces(document) {
    const isPacked = document.subarray(0, MAGIC.length).equals(MAGIC)
    const pieces = isPacked ? document.subarray(MAGIC.length).toString().split('\n') : [document]
    for (const piece of pieces) yield Buffer.from(piece)
  },
  async openDatabase(path) {
    const explain = (error: Error) =>
      new VibeTeaError(
        'unreadable_database',
        `The cups cannot be read: ${error.message}.`,
        'It is tried again.',
        {
          cause: error,
        },
      )
    try {
      return new CupDatabase(await Database.open(path, { readOnly: true, explain }))
    } catch (error) {
      throw explain(error as Error)
    }
  },
}

export const document = (all: readonly Cup[], title?: string): string =>
  JSON.stringify({ title, cups: all }, null, 1)

export const packed = (all: readonly Cup[]): Buffer =>
  Buffer.concat([MAGIC, Buffer.from(all.map((cup) => JSON.stringify({ cups: [cup] })).join('\n'))])

const tokensOf = ({ payload }: Event): Tokens | null =>
  'kind' in payload && payload.kind === 'response' ? payload.tokens : null

/** A folder of such sessions, followed as a node does, and what it recorded: that stays over a restart. */
export class FormsRig {
  readonly directory = mkdtempSync(join(tmpdir(), 'vibetea-forms-'))
  readonly cursors = new MemoryCursors()
  readonly log: Event[] = []
  readonly problems: string[] = []
  /** How often each file was read from its beginning, or a database opened. */
  readonly opened: string[] = []
  sources: Sources | null = null

  path(...names: string[]): string {
    return join(this.directory, ...names)
  }

  /** As editors do, and some assistants: written elsewhere, and put in its place. */
  replace(name: string, content: string | Buffer): void {
    writeFileSync(this.path('new'), content)
    renameSync(this.path('new'), this.path(name))
  }

  async start(timers: Timers = systemTimers): Promise<void> {
    const log = this.log
    const bySession = () =>
      Promise.resolve(new Map(log.slice(0, 1).map(({ payload }) => [payload.sessionId, [...log]])))
    const recorder = new Recorder({
      rule: testRule(),
      projects: { peek: () => ({ name: 'teahouse' }), resolve: () => Promise.resolve({ name: 'teahouse' }) },
      recorded: {
        known: (ids) => {
          const wanted = new Set(ids)
          const known = log.filter(({ id }) => wanted.has(id))
          return Promise.resolve(new Map(known.map((event) => [event.id, tokensOf(event)])))
        },
        openSessions: bySession,
        sessionEvents: bySession,
      },
      append: (events) => {
        for (const event of events) log.push(event)
        return Promise.resolve()
      },
      settled: () => Promise.resolve(),
      now: () => T0,
    })
    const watched: Adapter = {
      ...cups,
      open: (file) => {
        this.opened.push(file.path.slice(this.directory.length + 1))
        return cups.open(file)
      },
      openDatabase: (path) => {
        this.opened.push(path.slice(this.directory.length + 1))
        return cups.openDatabase!(path)
      },
    }
    this.sources = new Sources({
      adapters: [watched],
      directories: { gemini: [this.directory] },
      environment: { env: {}, homeDirectory: this.directory },
      recorder,
      cursors: this.cursors,
      timers,
      onProgress: () => undefined,
      onProblem: (path, message) =>
        void this.problems.push(message.replace(path, path.split(/[\\/]/).at(-1)!)),
      onError: (error) => {
        throw error
      },
    })
    await this.sources.start()
  }

  async stop(): Promise<void> {
    await this.sources?.close()
    this.sources = null
  }

  async end(): Promise<void> {
    await this.stop()
    await rm(this.directory, { recursive: true, force: true, maxRetries: 3 })
  }

  /** The messages that were recorded, in order, also those that came again: `3` a prompt, `4:70` a response. */
  get recorded(): string[] {
    return this.log.flatMap((event) => {
      if (event.eventType !== 'activity') return []
      const n = (Date.parse(event.timestamp) - T0) / 1000
      const tokens = tokensOf(event)
      return tokens ? `${n}:${tokens.output}` : `${n}`
    })
  }

  /** What of it was recorded though it was, with as many tokens. */
  get repeated(): Event[] {
    return this.log.filter((event, i) =>
      this.log.slice(0, i).some((other) => other.id === event.id && weight(other) >= weight(event)),
    )
  }
}
