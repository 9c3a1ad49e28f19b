import type { Fields } from './json-line.ts'
import { parseLine, parseWholeLine } from './json-line.ts'

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
