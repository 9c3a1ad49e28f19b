import type { LocalFields } from '../../core/api.ts'
import type { Draft } from '../../core/rule.ts'
import type { Fields } from './json-line.ts'
import { parseLine, parseWholeLine } from './json-line.ts'
import type { Reader } from './port.ts'

/** What a record of an assistant is reduced to. */
export interface Found<T> {
  /** null where it tells nothing. */
  record: T | null
  /** A text that matters was cut, see `isCut`: the record must be reduced again, whole. */
  isIncomplete: boolean
}

/** The records of a line, or of a document, that tell something. */
export interface FoundRecords<T> {
  records: T[]
  /** See `ParsedLine`. */
  isValid: boolean
}

/**
 * Reduces the records of a line, in order, each whole as far as it matters. `isWanted`: see `parseLine`. Never throws,
 * where `recordOf` does not.
 */
export function recordsOn<T>(
  line: Buffer,
  recordOf: (fields: Fields) => Found<T>,
  isWanted?: (type: string) => boolean,
): FoundRecords<T> {
  const parsed = parseLine(line, isWanted)
  const records: T[] = []
  let whole: readonly Fields[] | null = null
  for (const [i, fields] of parsed.records.entries()) {
    let found = recordOf(fields)
    if (found.isIncomplete) {
      whole ??= parseWholeLine(line).records
      found = recordOf(whole[i] ?? fields)
    }
    if (found.record !== null) records.push(found.record)
  }
  return { records, isValid: parsed.isValid }
}

/** Reads an assistant whose records each tell all they have to tell: nothing is held. */
export abstract class RecordReader<T> implements Reader {
  readonly heldFrom = null
  invalidLines = 0
  readonly #recordOf: (fields: Fields) => Found<T>
  readonly #isWanted: (type: string) => boolean

  /** See `recordsOn`. */
  constructor(recordOf: (fields: Fields) => Found<T>, isWanted: (type: string) => boolean) {
    this.#recordOf = recordOf
    this.#isWanted = isWanted
  }

  abstract get sessionId(): string
  abstract get local(): LocalFields

  read(line: Buffer): Draft[] {
    const { records, isValid } = recordsOn(line, this.#recordOf, this.#isWanted)
    if (!isValid) this.invalidLines++
    const drafts: Draft[] = []
    for (const record of records) this.take(record, drafts)
    return drafts
  }

  flush(): Draft[] {
    return []
  }

  /** Adds what a record tells. */
  protected abstract take(record: T, drafts: Draft[]): void
}
