import { expect, test } from 'vitest'
import { Locals } from '../../../node/sources/locals.ts'

test('a session keeps what each of its files says of it, the last word of each', () => {
  const locals = new Locals()
  locals.update('a', { branch: 'main', title: 'Brew' })
  locals.update('a', { worktree: 'tea' })
  locals.update('a', { branch: 'lemon' })
  expect(locals.get('a')).toEqual({ branch: 'lemon', title: 'Brew', worktree: 'tea' })
  expect(locals.get('b')).toBeUndefined()
})

test('titles are cut, and come without what a terminal or a page would obey', () => {
  const locals = new Locals()
  locals.update('a', { title: `\u001b[31m${'x'.repeat(100_000)}\u202e` })
  expect(locals.get('a')?.title).toMatch(/^\[31mx{196}$/)
})
