import { linesOf } from '../../node/sources/zstd.ts'

/** RFC 3339, as all assistants write times in JSON. */
const WRITTEN = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)/g
/** A field whose value is a time since 1970, in s or ms. */
const COUNTED = /("[A-Za-z_]+": ?)(1[5-9]\d{8}(?:\d{3})?)(?=[,}\s])/g

/** All times in the text of a session file, ms since 1970. */
export function timesIn(text: string): number[] {
  const counted = [...text.matchAll(COUNTED)].map(([, , digits]) => inMs(digits!))
  return [...text.matchAll(WRITTEN)].map(([time]) => Date.parse(time)).concat(counted)
}

/** The same text with all its times moved by some whole seconds, in ms. */
export function movedText(text: string, byMs: number): string {
  return text
    .replace(WRITTEN, (time) => new Date(Date.parse(time) + byMs).toISOString())
    .replace(COUNTED, (_, before: string, digits: string) => {
      const at = inMs(digits) + byMs
      return `${before}${digits.length === 10 ? at / 1000 : at}`
    })
}

/** What a compressed file of lines holds. */
export function linesOfZstd(bytes: Buffer): string {
  return Array.from(linesOf(bytes), (line) => `${line.toString()}\n`).join('')
}

const inMs = (digits: string): number => Number(digits) * (digits.length === 10 ? 1000 : 1)
