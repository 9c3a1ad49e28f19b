import type { Place } from './json-places.ts'
import { placesOf } from './json-places.ts'

/** Adding an item to a JSON text and taking it away again: between the two not a byte differs. */

/** A text with an item more at the end of one of its objects or lists. */
export function withItem(text: string, container: Place, name: string | null, value: unknown): string {
  const { eol, unit, isCompact } = styleOf(text)
  const inner = text.slice(container.start + 1, container.end - 1)
  const compact = (name === null ? '' : `${JSON.stringify(name)}: `) + JSON.stringify(value)
  const indented = (indent: string) =>
    (name === null ? '' : `${JSON.stringify(name)}: `) +
    JSON.stringify(value, null, unit)
      .split('\n')
      .join(eol + indent)

  const [first] = container.items
  if (first) {
    const before = text.slice(container.start + 1, first.start)
    const indent = before.slice(before.lastIndexOf('\n') + 1)
    const item = before.includes('\n') ? `,${eol}${indent}${indented(indent)}` : `, ${compact}`
    return inserted(text, container.items.at(-1)!.place.end, item)
  }
  // What stands in empty brackets stays there, and tells by standing behind the item alone that it was there before.
  if (inner !== '' || isCompact) return inserted(text, container.start + 1, compact)
  const outer = indentOf(text, container.start)
  return inserted(text, container.start + 1, eol + outer + unit + indented(outer + unit) + eol + outer)
}

/** A text without an item that `withItem` added to one of its objects or lists, wherever it stands in there by now. */
export function withoutItem(text: string, { start, end, items }: Place, index: number): string {
  const item = items[index]!
  const previous = items[index - 1]
  const next = items[index + 1]
  if (previous) return cut(text, previous.place.end, item.place.end)
  if (next) return cut(text, item.start, next.start)
  const isAlone = item.start > start + 1
  return isAlone ? cut(text, start + 1, end - 1) : cut(text, item.start, item.place.end)
}

interface Style {
  eol: string
  /** What one level is indented by. */
  unit: string
  /** All in one line. */
  isCompact: boolean
}

function styleOf(text: string): Style {
  const root = placesOf(text)
  const [first] = root.items
  const before = first ? text.slice(root.start + 1, first.start) : ''
  const indent = before.slice(before.lastIndexOf('\n') + 1)
  return {
    eol: text.includes('\r\n') ? '\r\n' : '\n',
    unit: before.includes('\n') && indent !== '' ? indent : '  ',
    isCompact: first !== undefined && !text.slice(root.start, root.end).includes('\n'),
  }
}

/** The white space that the line begins with in which `at` lies. */
function indentOf(text: string, at: number): string {
  const line = text.slice(text.lastIndexOf('\n', at) + 1, at)
  return /^[ \t]*/.exec(line)![0]
}

const inserted = (text: string, at: number, more: string) => text.slice(0, at) + more + text.slice(at)
const cut = (text: string, from: number, to: number) => text.slice(0, from) + text.slice(to)
