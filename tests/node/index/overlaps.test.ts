import { describe, expect, test } from 'vitest'
import type { Event } from '../../../core/events.ts'
import type { TestIndex } from './support.ts'
import { MemoryLog, MINUTE, openIndex, OTHER_SESSION, prompt, SESSION, SOURCE, tool } from './support.ts'

const ADA = SOURCE
const BRUNO = 'studio-h8ybnd'
const CHIYO = 'desk-m3k1ry'
const THIRD_SESSION = '6b8e44f1-3d5c-4a7b-9f20-2a3b4c5d6e7f'
const INVITE = 'ybndrfg8ejkm'
const INVITE_ELSEWHERE = 'cpqxot1uwisz'

/** An edit of `invite.ts`, minutes from now. */
const edit = (at: number, source: string, session: string, head: object = {}, name = 'Edit'): Event =>
  tool(name, { at, source, session, context: 'invite.ts', fileTag: INVITE, ...head })

async function indexOf(...events: Event[]): Promise<TestIndex> {
  const log = new MemoryLog()
  log.append(...events)
  return openIndex(log)
}

/** Who meets in which file, as Ada's dashboard has it: `team invite.ts: studio -8, macbook -9`. */
async function seenBy(self: string, { index, now }: TestIndex): Promise<string[]> {
  return (await index.overlaps(self)).map(({ kind, context, sessions }) => {
    const who = sessions.map(({ source, lastAt, isSelf }) => {
      const minutes = (Date.parse(lastAt) - now) / MINUTE
      return `${isSelf ? 'me' : source.split('-')[0]!} ${minutes}`
    })
    return `${kind} ${context}: ${who.join(', ')}`
  })
}

describe('two people in one file', () => {
  test('are told, with whose session it is and when it edited last', async () => {
    const test = await indexOf(edit(-9, ADA, SESSION), edit(-8, BRUNO, OTHER_SESSION, {}, 'apply_patch'))
    expect(await test.index.overlaps(BRUNO)).toEqual([
      {
        fileTag: INVITE,
        context: 'invite.ts',
        project: 'vibetea',
        kind: 'team',
        sessions: [
          {
            sessionId: OTHER_SESSION,
            source: BRUNO,
            handle: expect.any(String) as string,
            lastAt: '2026-11-20T09:52:00.000Z',
            isSelf: true,
          },
          {
            sessionId: SESSION,
            source: ADA,
            handle: expect.any(String) as string,
            lastAt: '2026-11-20T09:51:00.000Z',
            isSelf: false,
          },
        ],
      },
    ])
    expect(await seenBy(ADA, test)).toEqual(['team invite.ts: studio -8, me -9'])
  })

  test('are told for ten minutes from the later edit, however far apart the two were', async () => {
    const test = await indexOf(edit(-10, ADA, SESSION), edit(0, BRUNO, OTHER_SESSION))
    expect(await seenBy(ADA, test)).toEqual(['team invite.ts: studio 0, me -10'])
    test.now += 10 * MINUTE - 1
    expect(await seenBy(ADA, test)).toHaveLength(1)
    test.now += 1
    expect(await seenBy(ADA, test)).toEqual([])
  })

  test('are told still where one goes on and the other does not', async () => {
    const test = await indexOf(
      edit(-15, BRUNO, OTHER_SESSION),
      edit(-9, ADA, SESSION),
      edit(-1, ADA, SESSION),
    )
    expect(await seenBy(ADA, test)).toEqual(['team invite.ts: me -1, studio -15'])
    test.now += MINUTE
    expect(await seenBy(ADA, test)).toEqual([])
  })

  test('are not told where more than ten minutes lie between them', async () => {
    expect(await seenBy(ADA, await indexOf(edit(-11, ADA, SESSION), edit(0, BRUNO, OTHER_SESSION)))).toEqual(
      [],
    )
  })

  test('are told of in the project that the latest calls it, as clones have names of their own', async () => {
    const events = [
      edit(-2, ADA, SESSION, { project: 'web-app' }),
      edit(-1, BRUNO, OTHER_SESSION, { project: 'web-app-2', projectTag: INVITE_ELSEWHERE }),
    ]
    const [overlap] = await (await indexOf(...events)).index.overlaps(ADA)
    expect(overlap).toMatchObject({ project: 'web-app-2', kind: 'team' })
  })

  test('are not told where the files only have the same name', async () => {
    const test = await indexOf(
      edit(-2, ADA, SESSION),
      edit(-1, BRUNO, OTHER_SESSION, { fileTag: INVITE_ELSEWHERE }),
    )
    expect(await seenBy(ADA, test)).toEqual([])
  })

  test.each(['Read', 'Grep', 'Glob', 'view'])('are not told where one only uses %s', async (name) => {
    const test = await indexOf(edit(-2, ADA, SESSION), edit(-1, BRUNO, OTHER_SESSION, {}, name))
    expect(await seenBy(ADA, test)).toEqual([])
  })

  test('meet in the latest file first, each with all who are there', async () => {
    const readme = { context: 'README.md', fileTag: INVITE_ELSEWHERE }
    const test = await indexOf(
      edit(-6, ADA, SESSION),
      edit(-5, BRUNO, OTHER_SESSION),
      edit(-4, CHIYO, THIRD_SESSION),
      edit(-3, ADA, SESSION, readme),
      edit(-2, CHIYO, THIRD_SESSION, readme),
    )
    expect(await seenBy(ADA, test)).toEqual([
      'team README.md: desk -2, me -3',
      'team invite.ts: desk -4, studio -5, me -6',
    ])
  })

  test('meet when the edits came, where a clock is two hours ahead', async () => {
    const test = await indexOf(edit(-1, ADA, SESSION))
    const log = new MemoryLog('core-b', BRUNO)
    log.append(edit(120, BRUNO, OTHER_SESSION))
    test.index.follow(log)
    await test.index.caughtUp()
    expect(await seenBy(ADA, test)).toEqual(['team invite.ts: studio 0, me -1'])
    test.now += 10 * MINUTE
    expect(await seenBy(ADA, test)).toEqual([])
  })
})

describe('one person in one file', () => {
  test('is told of two sessions of this machine', async () => {
    const test = await indexOf(edit(-2, ADA, SESSION), edit(-1, ADA, OTHER_SESSION))
    expect(await seenBy(ADA, test)).toEqual(['own invite.ts: me -1, me -2'])
  })

  test("is not told of two sessions of a teammate's", async () => {
    const test = await indexOf(edit(-2, BRUNO, SESSION), edit(-1, BRUNO, OTHER_SESSION))
    expect(await seenBy(ADA, test)).toEqual([])
  })

  test('with a session of mine beside the two is a meeting of the team', async () => {
    const test = await indexOf(
      edit(-3, BRUNO, SESSION),
      edit(-2, BRUNO, OTHER_SESSION),
      edit(-1, ADA, THIRD_SESSION),
    )
    expect(await seenBy(ADA, test)).toEqual(['team invite.ts: me -1, studio -2, studio -3'])
  })

  test('is one with the subagents of a session', async () => {
    const byAgent = edit(-1, ADA, SESSION, {}, 'Write')
    expect(await seenBy(ADA, await indexOf(edit(-2, ADA, SESSION), byAgent))).toEqual([])
  })
})

test('my session meets a teammate also where it is in my private log alone', async () => {
  const mine = new MemoryLog('private', ADA)
  const theirs = new MemoryLog('team', BRUNO)
  mine.append(prompt({ at: -3 }), edit(-2, ADA, SESSION))
  theirs.append(edit(-1, BRUNO, OTHER_SESSION))
  const onMine = await openIndex(mine, theirs)
  expect(await seenBy(ADA, onMine)).toEqual(['team invite.ts: studio -1, me -2'])
  expect(await seenBy(BRUNO, await openIndex(theirs))).toEqual([])
})
