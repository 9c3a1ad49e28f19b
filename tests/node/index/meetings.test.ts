import { describe, expect, test } from 'vitest'
import type { Event } from '../../../core/events.ts'
import { MemoryLog, MINUTE, NOW, openIndex, OTHER_SESSION, SESSION, SOURCE, tool } from './support.ts'

const ADA = SOURCE
const BRUNO = 'studio-h8ybnd'
const CHIYO = 'desk-m3k1ry'
const THIRD_SESSION = '6b8e44f1-3d5c-4a7b-9f20-2a3b4c5d6e7f'

/** An edit of `invite.ts`, minutes from now. */
const edit = (at: number, source: string, session: string, head: object = {}): Event =>
  tool('Edit', { at, source, session, context: 'invite.ts', fileTag: 'ybndrfg8ejkm', ...head })

/** Who met from when to when, in minutes from now, as Ada's dashboard has it. */
async function metOf(events: readonly Event[], from: number, to: number): Promise<string[]> {
  const log = new MemoryLog()
  log.append(...events)
  const { index } = await openIndex(log)
  const minutes = (time: string) => (Date.parse(time) - NOW) / MINUTE
  const met = await index.meetings(ADA, NOW + from * MINUTE, NOW + to * MINUTE)
  return met.map(({ kind, context, sessions, ...meeting }) => {
    const who = sessions.map(({ source }) => (source === ADA ? 'me' : source.split('-')[0]!))
    return `${kind} ${context} ${minutes(meeting.from)} to ${minutes(meeting.to)}: ${who.join(', ')}`
  })
}

describe('two people who were in one file', () => {
  test('met from the first of their edits to the last', async () => {
    const edits = [edit(-200, ADA, SESSION), edit(-193, BRUNO, OTHER_SESSION), edit(-186, ADA, SESSION)]
    expect(await metOf(edits, -240, 0)).toEqual(['team invite.ts -200 to -186: me, studio'])
  })

  test('met anew after ten minutes in which nobody followed the other', async () => {
    const edits = [
      edit(-200, ADA, SESSION),
      edit(-195, BRUNO, OTHER_SESSION),
      edit(-100, BRUNO, OTHER_SESSION),
      edit(-91, ADA, SESSION),
    ]
    expect(await metOf(edits, -240, 0)).toEqual([
      'team invite.ts -100 to -91: me, studio',
      'team invite.ts -200 to -195: studio, me',
    ])
  })

  test('and a third who comes to it are one meeting', async () => {
    const edits = [
      edit(-200, ADA, SESSION),
      edit(-195, BRUNO, OTHER_SESSION),
      edit(-187, CHIYO, THIRD_SESSION),
    ]
    expect(await metOf(edits, -240, 0)).toEqual(['team invite.ts -200 to -187: desk, studio, me'])
  })

  test('are told in any time that their meeting reaches into, and in no other', async () => {
    const edits = [edit(-200, ADA, SESSION), edit(-195, BRUNO, OTHER_SESSION)]
    expect(await metOf(edits, -240, -200)).toEqual([])
    expect(await metOf(edits, -240, -199)).toHaveLength(1)
    expect(await metOf(edits, -198, -197)).toHaveLength(1)
    expect(await metOf(edits, -195, 0)).toHaveLength(1)
    expect(await metOf(edits, -194, 0)).toEqual([])
  })

  test('did not meet where more than ten minutes lay between them', async () => {
    expect(await metOf([edit(-211, ADA, SESSION), edit(-200, BRUNO, OTHER_SESSION)], -240, 0)).toEqual([])
  })
})

test('two sessions of mine in one file are told, and two of a teammate are not', async () => {
  const edits = [
    edit(-200, ADA, SESSION),
    edit(-195, ADA, OTHER_SESSION),
    edit(-100, BRUNO, SESSION),
    edit(-95, BRUNO, OTHER_SESSION),
  ]
  expect(await metOf(edits, -240, 0)).toEqual(['own invite.ts -200 to -195: me, me'])
})
