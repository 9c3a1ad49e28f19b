import { parseLine } from '../json-line.ts'
import { isSession } from './record.ts'

/** Messages are read together up to about so many bytes: each by itself costs more, and there may be millions. */
const PIECE_BYTES = 64 * 1024
/** What stands beside the messages is some lines. With more than this the document is none of Gemini CLI's. */
const MAX_BESIDE_BYTES = 64 * 1024

/**
 * A document as Gemini CLI lays it out, with `JSON.stringify(…, null, 2)`. No line break stands inside a JSON string, so
 * these are the brackets of the document itself: they are found many times faster than by reading all before them.
 */
const BEGINNING = Buffer.from('{\n  "')
const MESSAGES = '\n  "messages":'
const OPENING = `${MESSAGES} [\n    {`
const BETWEEN = '\n    },\n    {'
const CLOSING = '\n  ]'

/** Members that hold after the messages. */
const LATE = /\n {2}("(?:lastUpdated|summary)": [^[{\n][^\n]*?)(,?)(?=\n)/g
const NONE = '"messages": []'

/**
 * The pieces of a document, each a record of the session: what it holds without its messages, its messages, and what
 * holds after them. A document that is not laid out as Gemini CLI does is one piece. Never throws.
 */
export function* piecesOf(document: Buffer, pieceBytes = PIECE_BYTES): Generator<Buffer> {
  const place = messagesIn(document)
  if (place === null) {
    yield document
    return
  }
  if (place === 'half written') {
    // However much of it is read, it is no JSON.
    yield document.subarray(0, 1)
    return
  }
  const { start, end } = place
  const late: string[] = []
  const head = Buffer.concat([document.subarray(0, start), document.subarray(end)])
    .toString('latin1')
    .replace(LATE, (_, member: string, comma: string) => {
      late.push(member)
      return NONE + comma
    })
  yield bytesOf(head)
  if (!parseLine(bytesOf(head)).records.some(isSession)) return
  for (let from = start; from < end;) {
    const cut = document.indexOf(BETWEEN, from + pieceBytes)
    const to = cut === -1 || cut > end ? end : cut + BETWEEN.indexOf(',')
    yield Buffer.concat([bytesOf('{"sessionId":"","messages":['), document.subarray(from, to), bytesOf(']}')])
    from = to + 1
  }
  if (late.length > 0) yield bytesOf(`{"$set":{${late.join()}}}`)
}

/** Where the items of `messages` begin and end; null where it has none, or is laid out in another way. */
function messagesIn(document: Buffer): { start: number; end: number } | 'half written' | null {
  if (!document.subarray(0, BEGINNING.length).equals(BEGINNING)) return null
  const opening = document.indexOf(OPENING)
  if (opening === -1) return null
  if (isHalfWritten(document)) return 'half written'
  const start = opening + OPENING.indexOf('[') + 1
  const end = document.indexOf(CLOSING, start)
  if (document.length - (end - start) > MAX_BESIDE_BYTES) return null
  return end === -1 || document.includes(MESSAGES, end) ? null : { start, end }
}

function isHalfWritten(document: Buffer): boolean {
  const ending = document.subarray(-64).toString('latin1').trimEnd()
  return ending !== '' && !ending.endsWith('}')
}

/** Of a text with one character for each byte. */
function bytesOf(text: string): Buffer {
  return Buffer.from(text, 'latin1')
}
