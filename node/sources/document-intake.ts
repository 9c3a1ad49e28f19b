import { setImmediate as nextTurn } from 'node:timers/promises'
import { naturalKey } from '../../core/natural-key.ts'
import type { Draft } from '../../core/rule.ts'
import { documentDrafts } from './documents.ts'
import { SILENCE_MS, type FileIntakeOptions } from './file-intake.ts'
import type { DocumentReading, DocumentSink } from './tail-port.ts'

/** What the last reading of a document held at its end. */
interface Held {
  drafts: readonly Draft[]
  /** Calls off the wait for silence. */
  stopWaiting: () => void
}

const NOTHING: Held = { drafts: [], stopWaiting: () => undefined }

/** Reads one assistant's documents through its adapter, each time from the beginning, and has recorded what they hold. */
export class DocumentIntake implements DocumentSink {
  readonly #options: FileIntakeOptions
  readonly #held = new Map<string, Held>()

  constructor(options: FileIntakeOptions) {
    this.#options = options
  }

  async document(
    path: string,
    bytes: Buffer,
    { isNews, isStopping }: { isNews: boolean; isStopping: () => boolean },
  ): Promise<DocumentReading> {
    const { adapter } = this.#options
    const before = this.#held.get(path) ?? NOTHING
    before.stopWaiting()
    const reader = adapter.open({ path, sessionId: this.#options.sessionIdOf(path) })
    let found = 0
    for (const drafts of documentDrafts(adapter, reader, bytes)) {
      if (isNews) await this.#options.record(drafts)
      found += drafts.length
      if (isStopping()) return { isDealtWith: false, damage: 'none' }
      await nextTurn()
    }
    this.#options.onLocal(reader.sessionId, reader.local)
    const held = reader.flush()
    const damage = reader.invalidLines === 0 ? 'none' : found + held.length === 0 ? 'all' : 'some'
    if (isNews) await this.#hold(path, held, before)
    return { isDealtWith: !this.#held.has(path), damage }
  }

  forget(path: string): void {
    const held = this.#held.get(path)
    if (held) this.#flush(path, held).catch(this.#options.onError)
  }

  /** Gives up what is held in every document. */
  async flush(): Promise<void> {
    for (const [path, held] of this.#held) await this.#flush(path, held)
  }

  /** What was held before and no longer is has been closed, and recorded, or was taken back. */
  async #hold(path: string, drafts: readonly Draft[], before: Held): Promise<void> {
    const keys = new Set(drafts.map(keyOf))
    await this.#options.record(before.drafts.filter((draft) => !keys.has(keyOf(draft))))
    this.#held.delete(path)
    if (drafts.length === 0) return
    const flush = () => void this.#flush(path, held).catch(this.#options.onError)
    const held: Held = { drafts, stopWaiting: this.#options.timers.after(SILENCE_MS, flush) }
    this.#held.set(path, held)
  }

  async #flush(path: string, held: Held): Promise<void> {
    held.stopWaiting()
    await this.#options.record(held.drafts)
    if (this.#held.get(path) !== held) return
    this.#held.delete(path)
    this.#options.dealtWith(path)
  }
}

function keyOf({ sessionId, at, fact }: Draft): string {
  return JSON.stringify(naturalKey(sessionId, String(at), fact))
}
