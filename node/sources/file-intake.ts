import type { LocalFields } from '../../core/api.ts'
import type { Draft } from '../../core/rule.ts'
import type { Timers } from '../../core/timers.ts'
import type { Adapter, Reader } from './port.ts'
import type { Line, LineSink } from './tail-port.ts'

/** A response is held until a record closes it, or this long. */
export const SILENCE_MS = 2000

export interface FileIntakeOptions {
  adapter: Adapter
  /** The session of records that name none. */
  sessionIdOf(path: string): string
  record(drafts: readonly Draft[]): Promise<void>
  /** What a file says of its session for the owner alone; the session's id is the assistant's own. */
  onLocal(sessionId: string, local: LocalFields): void
  /** Everything that was read of a file has been recorded, also what was held. */
  dealtWith(path: string): void
  /** What goes wrong while nobody waits for it. */
  onError: (error: unknown) => void
  timers: Timers
}

interface OpenFile {
  reader: Reader
  resumeAt: number
  /** Calls off the wait for silence. */
  stopWaiting: () => void
}

/** Reads the lines of one assistant's files through its adapter, and has recorded what they hold. */
export class FileIntake implements LineSink {
  readonly #options: FileIntakeOptions
  readonly #files = new Map<string, OpenFile>()
  /** Lines read in this run that are no records. */
  invalidLines = 0

  constructor(options: FileIntakeOptions) {
    this.#options = options
  }

  begin(path: string, resumeAt: number): void {
    this.forget(path)
    const reader = this.#options.adapter.open({ path, sessionId: this.#options.sessionIdOf(path) })
    this.#files.set(path, { reader, resumeAt, stopWaiting: () => undefined })
  }

  async lines(path: string, lines: readonly Line[], atEnd: boolean): Promise<number> {
    const file = this.#files.get(path)
    if (!file) throw new Error('lines of a file that was not begun')
    file.stopWaiting()
    const { reader, resumeAt } = file
    const drafts: Draft[] = []
    const invalidBefore = reader.invalidLines
    for (const { start, bytes } of lines) {
      const found = reader.read(bytes, start)
      if (start < resumeAt) continue
      // Not by `push(...found)`: what one line holds can be more than a call takes arguments.
      for (const draft of found) drafts.push(draft)
    }
    this.invalidLines += reader.invalidLines - invalidBefore
    this.#options.onLocal(reader.sessionId, reader.local)
    await this.#options.record(drafts)
    if (atEnd && reader.heldFrom !== null) {
      file.stopWaiting = this.#options.timers.after(SILENCE_MS, () => {
        this.#flush(path, file).catch(this.#options.onError)
      })
    }
    return reader.heldFrom ?? Infinity
  }

  forget(path: string): void {
    this.#files.get(path)?.stopWaiting()
    this.#files.delete(path)
  }

  /** Gives up what is held in every file, or in those that are wanted. */
  async flush(isWanted: (path: string) => boolean = () => true): Promise<void> {
    for (const [path, file] of this.#files) if (isWanted(path)) await this.#flush(path, file)
  }

  async #flush(path: string, file: OpenFile): Promise<void> {
    file.stopWaiting()
    const { reader } = file
    const isHolding = () => reader.heldFrom !== null
    if (!isHolding()) return
    await this.#options.record(reader.flush())
    // While that was recorded more may have come, and is held now.
    if (!isHolding() && this.#files.get(path) === file) this.#options.dealtWith(path)
  }
}
