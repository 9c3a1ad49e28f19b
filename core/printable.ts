/** Text of others as a terminal or a page may show it: control, escape, bidirectional and invisible characters are left out. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cs}\p{Bidi_Control}\u200b-\u200f\u2028\u2029\u2060-\u2069\ufeff]/gu, '')
}
