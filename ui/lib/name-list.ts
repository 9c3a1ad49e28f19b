import { count } from './time.ts'

/** `a`, `a and b`, `a, b and 3 more`: each name once; `most` are said before the others are only counted. */
export function nameList(names: readonly string[], most: number, other = 'more', others = other): string {
  const each = [...new Set(names)]
  const rest = each.length - most
  if (rest > 0) return `${each.slice(0, most).join(', ')} and ${count(rest)} ${rest === 1 ? other : others}`
  return [each.slice(0, -1).join(', '), each.at(-1)].filter(Boolean).join(' and ')
}
