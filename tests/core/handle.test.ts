import fc from 'fast-check'
import { expect, test } from 'vitest'
import { handleOf } from '../../core/handle.ts'
import { SEED, SESSION } from './support.ts'

test('a session has the same two words everywhere', () => {
  expect(handleOf(SESSION)).toBe('lemon-toast')
  expect(handleOf(SESSION)).toBe(handleOf(SESSION))
})

test(`a handle is two short words [seed ${SEED}]`, () => {
  fc.assert(
    fc.property(fc.uuid(), (id) => {
      expect(handleOf(id)).toMatch(/^[a-z]{3,9}-[a-z]{3,9}$/)
    }),
  )
})

test('all words occur, about equally often, and none means nothing', () => {
  const first = new Map<string, number>()
  const second = new Map<string, number>()
  const many = 20_000
  for (let i = 0; i < many; i++) {
    const id = `3f2b8c1e-9d4a-4e6f-8b7c-${i.toString(16).padStart(12, '0')}`
    const [a, b] = handleOf(id).split('-') as [string, string]
    first.set(a, (first.get(a) ?? 0) + 1)
    second.set(b, (second.get(b) ?? 0) + 1)
  }
  for (const counts of [first, second]) {
    expect(counts.size).toBe(64)
    for (const count of counts.values()) {
      expect(count).toBeGreaterThan(many / 64 / 2)
      expect(count).toBeLessThan((many / 64) * 2)
    }
  }
})

test('five agents in one project are nearly always told apart', () => {
  let clashes = 0
  for (let i = 0; i < 1000; i++) {
    const names = Array.from({ length: 5 }, (_, k) =>
      handleOf(`${(i * 7919 + k * 104_729).toString(16).padStart(8, '0')}-0000-4000-8000-000000000000`),
    )
    if (new Set(names).size < 5) clashes++
  }
  expect(clashes).toBeLessThan(20)
})
