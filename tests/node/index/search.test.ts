import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Event } from '../../../core/events.ts'
import { handleOf } from '../../../core/handle.ts'
import { isFound } from '../../../core/search.ts'
import { agent, MemoryLog, openIndex, prompt, response, SESSION, tool } from './support.ts'

const EVENTS: readonly Event[] = [
  prompt({ at: -9 }),
  prompt({ at: -8, project: 'cafe.latte-(2)' }),
  tool('Read', { at: -7, context: 'Invite.test.ts' }),
  tool('mcp__tea:brew', { at: -6 }),
  response({ at: -5, model: 'local/tea@2.1' }),
  agent('code-reviewer', { at: -4 }),
]

/** What a person may type: words of the names, parts of them, and what no name has. */
const typed = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        'invite',
        'INVITE.T',
        'cafe',
        'café',
        'ＣＡＦＥ',
        '2',
        'tea',
        'code-rev',
        '=tool',
        'type',
      ),
      fc.constantFrom('naïve', 'чай', '茶', '🍵', '***', '"', 'e\u0301', 'İ', 'K', handleOf(SESSION)),
      fc.string({ maxLength: 3 }),
      fc.string({ unit: 'grapheme', maxLength: 3 }),
    ),
    { maxLength: 3 },
  )
  .map((words) => words.join(' '))

test('a search finds in the index what it finds in rows that come, whatever is typed', async () => {
  const log = new MemoryLog()
  log.append(...EVENTS)
  const { index } = await openIndex(log)
  const { events: rows } = await index.events({ limit: 100, order: 'arrival' })
  const ids = (found: readonly Event[]) => found.map(({ id }) => id)
  const seed = Number(process.env.VIBETEA_SEED ?? Date.now() % 2 ** 31)
  process.stdout.write(`seed ${seed}\n`)
  await fc.assert(
    fc.asyncProperty(typed, async (q) => {
      const { events } = await index.events({ limit: 100, order: 'arrival', q })
      expect(ids(events)).toEqual(ids(rows.filter((row) => isFound(q, row))))
    }),
    { seed, numRuns: 300 },
  )
})

test('a search finds names with and without accents, and nothing for what is no name', async () => {
  const log = new MemoryLog()
  log.append(...EVENTS)
  const { index } = await openIndex(log)
  const found = async (q: string) => (await index.events({ limit: 100, order: 'arrival', q })).events.length
  expect(await found('café')).toBe(1)
  for (const q of ['чай', 'cafe чай', '***', 'type', 'act', '=tool']) expect(await found(q), q).toBe(0)
})
