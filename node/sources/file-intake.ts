import type { LocalFields } from '../../core/api.ts'
import type { Draft } from '../../core/rule.ts'
import type { Adapter, Reader } from './port.ts'
import type { Line, LineSink } from './tail-port.ts'

/** A response is held until a record closes it, or this long. */
export const SILENCE_MS = 2000

export interface FileIntakeOptions {
  adapter: Adapter
  /** The session of records that name none. */
  sessionIdOf(path: string): string
  record(drafts: readonly Draft[]): Promise<void>
  setTimeout(callback: () => void, ms: number): { cancel(): void }
}

interface OpenFile {
  reader: Reader
  resumeAt: number
  silence: { cancel(): void } | null
}

/** Reads the lines of one assistant's files through its adapter, and has recorded what they hold. */
export class FileIntake implements LineSink {
  readonly #options: FileIntakeOptions
  readonly #files = new Map<string, OpenFile>()

  constructor(options: FileIntakeOptions) {
    this.#options = options
  }

  begin(path: string, resumeAt: number): void {
    this.forget(path)
    const reader = this.#options.adapter.open({ path, sessionId: this.#options.sessionIdOf(path) })
    this.#files.set(path, { reader, resumeAt, silence: null })
  }

  async lines(path: string, lines: readonly Line[], atEnd: boolean): Promise<number | null> {
    const file = this.#files.get(path)
    if (!file) throw new Error('lines of a file that was not begun')
    file.silence?.cancel()
    file.silence = null
    const { reader, resumeAt } = file
    const drafts: Draft[] = []
    for (const { start, bytes } of lines) {
      const found = reader.read(bytes, start)
      if (start >= resumeAt) drafts.push(...found)
    }
    await this.#options.record(drafts)
    if (atEnd && reader.heldFrom !== null) {
      file.silence = this.#options.setTimeout(() => void this.#flush(file), SILENCE_MS)
    }
    return reader.heldFrom
  }

  forget(path: string): void {
    this.#files.get(path)?.silence?.cancel()
    this.#files.delete(path)
  }

  /** Gives up what is held in every file. */
  async flush(): Promise<void> {
    for (const file of this.#files.values()) await this.#flush(file)
  }

  /** What the owner sees of their sessions besides, by the session's id as the assistant has it. */
  *locals(): Iterable<[string, LocalFields]> {
    for (const { reader } of this.#files.values()) yield [reader.sessionId, reader.local]
  }

  async #flush(file: OpenFile): Promise<void> {
    file.silence?.cancel()
    file.silence = null
    await this.#options.record(file.reader.flush())
  }
}
