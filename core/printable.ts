/** Text of others as a terminal or a page may show it: control, escape, bidirectional and invisible characters are left out. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cs}\p{Bidi_Control}\u200b-\u200f\u2028\u2029\u2060-\u2069\ufeff]/gu, '')
}

const LONGEST_QUOTE = 200

/** What somebody else said, as a sentence may carry it: printable, on one line, of at most 200 characters. */
export function quoted(text: string): string {
  const line = printable(text.slice(0, 4 * LONGEST_QUOTE).replace(/\s+/g, ' ')).trim()
  return line.length > LONGEST_QUOTE ? `${line.slice(0, LONGEST_QUOTE).trimEnd()}…` : line
}
