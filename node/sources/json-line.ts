import { isAscii } from 'node:buffer'

/**
 * Reads a line of a session file. Most bytes of such files are tool output inside long strings that nobody here needs,
 * so the long strings of long lines are cut before the line is parsed: faster than parsing alone.
 */

export type Fields = Record<string, unknown>

export interface ParsedLine {
  /** The objects on the line, in order; several where a record was appended to a line without its end. */
  records: readonly Fields[]
  /** False where something other than objects stands on it. A blank line is valid and holds none. */
  isValid: boolean
}

/** Lines up to this many bytes are parsed as they are: cutting them costs more than it saves. */
export const LONG_LINE_BYTES = 4096
/** A string of a longer line is cut where its JSON form has more bytes than this. */
export const LONG_STRING_BYTES = 512
/** Bytes of a cut string's JSON form that stay; a few less rather than half a character or half an escape. */
const KEPT_BYTES = 256

/** Ends a string that was cut: U+FFFF, which is no character. */
const CUT = '\uffff'
const CUT_IN_JSON = '\\uffff'

const EMPTY: ParsedLine = { records: [], isValid: true }
const INVALID: ParsedLine = { records: [], isValid: false }

const BACKSLASH = 0x5c
const LOWER_U = 0x75

/** Whether a text from `parseLine` may be only the beginning of what stands on the line. */
export function isCut(text: string): boolean {
  return text.endsWith(CUT)
}

/** Whether a value is an object with fields. */
export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * The objects on a line, the long strings of a long line cut (see `isCut`). Never throws, whatever the line is.
 * A long line whose object has a `type` that `isWanted` does not want may be left unread, as if it were blank.
 */
export function parseLine(line: Buffer, isWanted: (type: string) => boolean = () => true): ParsedLine {
  if (line.length <= LONG_LINE_BYTES) return parseText(textOf(line))
  const short = shortened(line.toString('latin1'), isWanted)
  return short === null ? EMPTY : parseText(fromLatin1(short))
}

/** As `parseLine`, with every string whole. */
export function parseWholeLine(line: Buffer): ParsedLine {
  return parseText(textOf(line))
}

/** Bytes that are not UTF-8 become U+FFFD. */
function textOf(line: Buffer): string {
  return isAscii(line) ? line.toString('latin1') : line.toString('utf8')
}

function fromLatin1(text: string): string {
  // eslint-disable-next-line no-control-regex -- any byte above ASCII
  return /[^\x00-\x7f]/.test(text) ? Buffer.from(text, 'latin1').toString('utf8') : text
}

function parseText(text: string): ParsedLine {
  const json = text.startsWith('\ufeff') ? text.slice(1) : text
  try {
    const value: unknown = JSON.parse(json)
    return isFields(value) ? { records: [value], isValid: true } : INVALID
  } catch {
    return parseSeveral(json)
  }
}

/** The objects of a line that is not one JSON value: those before the first piece that cannot be read, and after it. */
function parseSeveral(text: string): ParsedLine {
  if (text.trim() === '') return EMPTY
  const records: Fields[] = []
  let isValid = true
  for (const piece of topLevelObjects(text)) {
    try {
      const value: unknown = JSON.parse(piece)
      if (isFields(value)) records.push(value)
      else isValid = false
    } catch {
      // Half a record that a crash left behind: the others on the line are still good.
      isValid = false
    }
  }
  return records.length > 0 ? { records, isValid } : INVALID
}

/** Cuts a text after each bracket that closes the outermost level. */
function topLevelObjects(text: string): string[] {
  const pieces: string[] = []
  const token = /["{}]/g
  let depth = 0
  let from = 0
  for (let found = token.exec(text); found; found = token.exec(text)) {
    if (found[0] === '"') {
      const end = stringEnd(text, found.index)
      if (end === -1) break
      token.lastIndex = end + 1
    } else if (found[0] === '{') {
      depth++
    } else if (--depth === 0) {
      pieces.push(text.slice(from, token.lastIndex))
      from = token.lastIndex
    }
  }
  const rest = text.slice(from)
  if (rest.trim() !== '') pieces.push(rest)
  return pieces
}

/** Where the string that begins at `start` ends: the index of its closing quote, or -1. */
function stringEnd(text: string, start: number): number {
  let end = text.indexOf('"', start + 1)
  while (end !== -1 && isEscaped(text, end)) end = text.indexOf('"', end + 1)
  return end
}

function isEscaped(text: string, index: number): boolean {
  let before = index - 1
  while (text.charCodeAt(before) === BACKSLASH) before--
  return (index - before) % 2 === 0
}

/**
 * A line with its long strings cut; null where it holds one object of a type that is not wanted. The text is bytes,
 * one character each (`latin1`): quotes and backslashes are never part of a longer UTF-8 sequence.
 */
function shortened(text: string, isWanted: (type: string) => boolean): string | null {
  let out = ''
  let copied = 0
  let depth = 0
  let seen = 0
  let isTyped = false
  for (let start = text.indexOf('"'); start !== -1; start = text.indexOf('"', seen)) {
    const end = stringEnd(text, start)
    if (end === -1) break
    if (!isTyped) depth += levels(text, seen, start)
    const length = end - start - 1
    if (length > LONG_STRING_BYTES) {
      out += text.slice(copied, keptEnd(text, start + 1)) + CUT_IN_JSON
      copied = end
    } else if (!isTyped && depth === 1 && length === 4 && text.startsWith('"type":"', start)) {
      isTyped = true
      const type = text.slice(start + 8, stringEnd(text, start + 7))
      // Another object may follow on the same line.
      if (!isWanted(type) && !text.includes('}{"', end)) return null
    }
    seen = end + 1
  }
  return out + text.slice(copied)
}

/** How many levels deeper the brackets between two strings lead. */
function levels(text: string, from: number, to: number): number {
  let depth = 0
  for (let i = from; i < to; i++) {
    const code = text.charCodeAt(i)
    if (code === 0x7b || code === 0x5b) depth++
    else if (code === 0x7d || code === 0x5d) depth--
  }
  return depth
}

/** Where to cut the string whose content begins at `start`: between two characters, not inside an escape. */
function keptEnd(text: string, start: number): number {
  const limit = start + KEPT_BYTES
  let end = start
  while (end < limit) {
    const size = text.charCodeAt(end) !== BACKSLASH ? 1 : text.charCodeAt(end + 1) === LOWER_U ? 6 : 2
    if (end + size > limit) break
    end += size
  }
  while (end > start && (text.charCodeAt(end) & 0xc0) === 0x80) end--
  return end
}
