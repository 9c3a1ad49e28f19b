import { afterEach, expect, it, vi } from 'vitest'
import { type Choice, listed, readTyped } from '../../ui/lib/commands.ts'

const choice = (label: string, more: Partial<Choice> = {}): Choice => {
  return { id: label, group: 'Projects', label, does: { href: '#/live' }, ...more }
}
const labels = (text: string, known: readonly Choice[]) =>
  listed(readTyped(text), known, []).map(({ label }) => label)

afterEach(() => vi.unstubAllGlobals())

it('what begins with the words comes first, then a word of the name, then what else is said, then the rest', () => {
  const known = [
    choice('rekettle'),
    choice('other', { detail: 'a kettle' }),
    choice('tea-kettle'),
    choice('Kettlé one'),
    choice('unlike', { also: 'rekettle' }),
  ]
  expect(labels('kettle', known)).toEqual(['Kettlé one', 'tea-kettle', 'other', 'rekettle'])
  expect(labels('one kettle', known)).toEqual(['Kettlé one'])
  expect(labels('ket.le', known)).toEqual([])
})

it('names are read once for all that is typed, and a word has one expression for all names', () => {
  let reads = 0
  let expressions = 0
  const known = Array.from({ length: 50 }, (_, i) => {
    const label = `service-${i}`
    return Object.defineProperty(choice(label, { id: label }), 'label', {
      get: () => (reads++, label),
    })
  })
  class Counted extends RegExp {
    constructor(...parts: ConstructorParameters<typeof RegExp>) {
      super(...parts)
      expressions++
    }
  }
  vi.stubGlobal('RegExp', Counted)
  for (const text of ['s', 'se', 'ser 4', 'ser 4 4 4']) listed(readTyped(text), known, [])
  expect(reads).toBe(50)
  expect(expressions).toBe(6)
})
