import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Event } from '../../../core/events.ts'
import { OwnPresence } from '../../../node/team/own-presence.ts'
import { MemoryLog, MINUTE, NOW, openIndex } from '../index/support.ts'
import { promptAt, SESSION, toolAt, waitingAt } from '../../support/events.ts'

const at = (minutes: number) => NOW + minutes * MINUTE
const OTHER = '5a7d33e0-2c4b-4f6a-8e19-1f2e3d4c5b6a'

/** Presence after events that came one by one as they happened, the node having started two hours ago. */
function presence(...events: Event[]) {
  const own = new OwnPresence(at(-120))
  for (const event of events) own.add([event], Date.parse(event.timestamp))
  return own
}

describe('my presence', () => {
  test('follows from how long ago I shared something', () => {
    const own = presence(promptAt(at(-10)), toolAt(at(0)))
    expect(own.at(at(0))).toBe('active')
    expect(own.at(at(5) - 1)).toBe('active')
    expect(own.at(at(5))).toBe('online')
    expect(own.at(at(30) - 1)).toBe('online')
    expect(own.at(at(30))).toBe('away')
  })

  test('is online for half an hour after the start, whatever happened before', () => {
    const own = new OwnPresence(NOW)
    own.add([promptAt(at(-90))], NOW)
    expect([own.at(NOW), own.at(at(29)), own.at(at(30))]).toEqual(['online', 'online', 'away'])
  })

  test('is waiting while a session of mine waits for an answer, however long', () => {
    const own = presence(promptAt(at(-3)), waitingAt(at(-2), 'permission'))
    own.add([toolAt(at(-1), 'started', { sessionId: OTHER })], at(-1))
    expect([own.at(NOW), own.at(at(600))]).toEqual(['waiting', 'waiting'])
    own.add([toolAt(at(601))], at(601))
    expect(own.at(at(601))).toBe('active')
  })

  test('is not waiting where only a turn is over, or the process that asked is gone', () => {
    expect(presence(waitingAt(at(-1), 'turn')).at(NOW)).toBe('active')
    const own = presence(waitingAt(at(-6), 'question'))
    own.add([waitingAt(at(-6), 'unknown')], NOW)
    expect(own.at(NOW)).toBe('online')
  })

  test('does not last longer because a clock is ahead by days', () => {
    const own = new OwnPresence(NOW)
    own.add([promptAt(at(5000))], NOW)
    expect([own.at(at(14)), own.at(at(15))]).toEqual(['active', 'online'])
  })

  test('still knows the session that waits after a thousand others', () => {
    const own = presence(waitingAt(at(-60), 'question'))
    for (let i = 0; i < 3000; i++) {
      const sessionId = `00000000-0000-4000-8000-${String(i).padStart(12, '0')}`
      own.add([promptAt(at(-50), { sessionId })], at(0))
    }
    expect(own.at(NOW)).toBe('waiting')
  })

  test('agrees with the session list', async () => {
    const event = fc
      .tuple(
        fc.constantFrom('prompt', 'tool', 'permission', 'question', 'turn', 'unknown', 'ended'),
        fc.integer({ min: -60, max: 0 }),
        fc.constantFrom(SESSION, OTHER),
      )
      .map(([what, minute, sessionId]) => ({ what, minute, sessionId }))
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 12 }), async (list) => {
        const events = list.map(({ what, minute, sessionId }, id): Event => {
          const place = { id, sessionId }
          if (what === 'prompt') return promptAt(at(minute), place)
          if (what === 'tool') return toolAt(at(minute), 'started', place)
          if (what === 'ended') {
            const { payload, ...head } = promptAt(at(minute), place)
            const common = { sessionId, project: payload.project, assistant: payload.assistant }
            return { ...head, eventType: 'session', payload: { ...common, action: 'ended' } }
          }
          return waitingAt(at(minute), what, place)
        })
        const log = new MemoryLog()
        log.append(...events)
        const { index } = await openIndex(log)
        const sessions = await index.sessions({})
        const own = new OwnPresence(at(-120))
        own.add(events, NOW)
        const said = own.at(NOW)
        expect(said === 'waiting').toBe(sessions.some(({ needs }) => needs === 'answer'))
        if (sessions.some(({ state }) => state === 'active')) expect(['active', 'waiting']).toContain(said)
        if (sessions.every(({ state }) => state === 'inactive')) expect(['online', 'away']).toContain(said)
      }),
      { numRuns: 40 },
    )
  })
})
