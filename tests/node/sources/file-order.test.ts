import { expect, test } from 'vitest'
import { beganAt, byBeginning } from '../../../node/sources/file-order.ts'

test('a file began when it was born, or when it was written where it is a copy or nobody knows', () => {
  expect(beganAt({ birthtimeMs: 10.7, mtimeMs: 20 })).toBe(10)
  expect(beganAt({ birthtimeMs: 30, mtimeMs: 20.2 })).toBe(20)
  expect(beganAt({ birthtimeMs: 0, mtimeMs: 20 })).toBe(20)
})

test('what began earlier goes first, and of one moment a session before its subagents', () => {
  const paths = ['/p/b.jsonl', '/p/a/subagents/agent-1.jsonl', '/p/a.jsonl', '/p/older.jsonl']
  const files = paths.map((path) => ({ path, beganMs: path.includes('older') ? 1 : 2 }))
  expect(files.sort(byBeginning).map(({ path }) => path)).toEqual([
    '/p/older.jsonl',
    '/p/a.jsonl',
    '/p/a/subagents/agent-1.jsonl',
    '/p/b.jsonl',
  ])
})
