import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import type { Timers } from '../../../core/timers.ts'
import { Tail, type TailOptions } from '../../../node/sources/tail.ts'
import type { Cursor, CursorStore, Line, LineSink } from '../../../node/sources/tail-port.ts'
import type { FolderEvents, WatchFolder } from '../../../node/sources/tail-watch.ts'
import { systemTimers } from '../../../node/system-timers.ts'

/** Cursors in memory, as a store on disk would keep them over a restart. */
export class MemoryCursors implements CursorStore {
  readonly byPath = new Map<string, Cursor>()
  failWith: Error | null = null

  load(): Promise<Cursor[]> {
    return Promise.resolve([...this.byPath.values()].map((cursor) => ({ ...cursor })))
  }

  save(cursors: readonly Cursor[]): Promise<void> {
    if (this.failWith) return Promise.reject(this.failWith)
    for (const cursor of cursors) this.byPath.set(cursor.path, { ...cursor })
    return Promise.resolve()
  }

  remove(paths: readonly string[]): Promise<void> {
    for (const path of paths) this.byPath.delete(path)
    return Promise.resolve()
  }
}

/** Notes what it is told, with paths below the directory. */
export class NotingSink implements LineSink {
  /** `name@start text`, those before the place of an earlier run left out. */
  readonly news: string[] = []
  readonly calls: string[] = []
  readonly #directory: string
  readonly #resumeAt = new Map<string, number>()
  answer: (lines: readonly Line[]) => number = () => Infinity
  before: (name: string) => Promise<void> = () => Promise.resolve()

  constructor(directory: string) {
    this.#directory = directory
  }

  begin(path: string, resumeAt: number): void {
    this.calls.push(`begin ${this.name(path)} ${resumeAt}`)
    this.#resumeAt.set(path, resumeAt)
  }

  async lines(path: string, lines: readonly Line[], atEnd: boolean): Promise<number> {
    const name = this.name(path)
    await this.before(name)
    const resumeAt = this.#resumeAt.get(path)
    if (resumeAt === undefined) throw new Error(`lines of ${name} before it began`)
    for (const { start, bytes } of lines) {
      const text = bytes.length > 1000 ? `${bytes.length} bytes` : bytes.toString()
      if (start >= resumeAt) this.news.push(`${name}@${start} ${text}`)
    }
    if (atEnd) this.calls.push(`end ${name}`)
    return this.answer(lines)
  }

  forget(path: string): void {
    this.calls.push(`forget ${this.name(path)}`)
    this.#resumeAt.delete(path)
  }

  name(path: string): string {
    return relative(this.#directory, path).replaceAll('\\', '/')
  }
}

/** A clock that stands until it is moved. */
export class HandClock implements Timers {
  #now: number
  #waiting: { at: number; call: () => void }[] = []

  constructor(now = Date.now()) {
    this.#now = now
  }

  now(): number {
    return this.#now
  }

  after(ms: number, call: () => void): () => void {
    const entry = { at: this.#now + ms, call }
    this.#waiting.push(entry)
    return () => (this.#waiting = this.#waiting.filter((other) => other !== entry))
  }

  /** Whether something is to be called in so many ms. */
  isDueIn(ms: number): boolean {
    return this.#waiting.some(({ at }) => at === this.#now + ms)
  }

  advance(ms: number): void {
    this.#now += ms
    const due = this.#waiting.filter(({ at }) => at <= this.#now)
    this.#waiting = this.#waiting.filter(({ at }) => at > this.#now)
    for (const { call } of due) call()
  }
}

/** A system that takes every watch and never says a word. */
export const silentWatch: WatchFolder = () => ({ ready: Promise.resolve(), close: () => Promise.resolve() })

/** A system that takes `count` watches and then reports its limit. */
export function limitedWatch(code: string, count: () => number): WatchFolder {
  let taken = 0
  const refuse = (events: FolderEvents) =>
    events.failed(Object.assign(new Error(code), { code, syscall: 'watch' }))
  return (_path, events) => {
    const ready = Promise.resolve().then(() => {
      if (taken < count()) taken++
      else refuse(events)
    })
    return { ready, close: () => Promise.resolve() }
  }
}

/** Follows files of lines alone. */
export const jsonl = (name: string) => (name.endsWith('.jsonl') ? 'lines' : null)

/** Where nothing but lines is followed. */
export const noOther: Pick<TailOptions, 'documents' | 'databases'> = {
  documents: {
    document: (path) => Promise.reject(new Error(`nobody reads the document ${path}`)),
    forget: () => undefined,
  },
  databases: {
    changes: (path) => Promise.reject(new Error(`nobody reads the database ${path}`)),
    forget: () => undefined,
  },
}

/** A folder of session files with what follows them. */
export class TailRig {
  readonly directory = mkdtempSync(join(tmpdir(), 'vibetea-tail-'))
  readonly cursors = new MemoryCursors()
  sink = new NotingSink(this.directory)
  problems: string[] = []
  #tails: Tail[] = []

  path(...names: string[]): string {
    return join(this.directory, ...names)
  }

  /** A tail over the directory that has not been started. */
  tail(options: Partial<TailOptions> = {}): Tail {
    const tail = new Tail({
      timers: systemTimers,
      roots: [{ directory: this.directory, formOf: jsonl }],
      cursors: this.cursors,
      sink: this.sink,
      ...noOther,
      problems: {
        problem: (path, message, remedy) =>
          void this.problems.push(`${this.sink.name(path)}: ${message} ${remedy}`),
        solved: (path) => void this.problems.push(`${this.sink.name(path)}: solved`),
      },
      ...options,
    })
    this.#tails.push(tail)
    return tail
  }

  async started(options: Partial<TailOptions> = {}): Promise<Tail> {
    const tail = this.tail(options)
    await tail.start()
    return tail
  }

  /** Ends what runs and begins anew with the places that were saved, noting afresh. */
  async restarted(options: Partial<TailOptions> = {}): Promise<Tail> {
    await this.stop()
    this.sink = new NotingSink(this.directory)
    return this.started(options)
  }

  async stop(): Promise<void> {
    await Promise.all(this.#tails.splice(0).map((tail) => tail.close()))
  }

  async end(): Promise<void> {
    this.cursors.failWith = null
    await this.stop()
    await rm(this.directory, { recursive: true, force: true, maxRetries: 3 })
  }
}

/** Settles once `holds`; says what was there instead after `timeoutMs`. */
export async function until(
  holds: () => boolean,
  state: () => unknown = () => '',
  timeoutMs = 20_000,
): Promise<void> {
  const end = Date.now() + timeoutMs
  while (!holds()) {
    if (Date.now() > end)
      throw new Error(`never came: ${holds.toString()}; instead ${JSON.stringify(state())}`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}
