import { describe, expect, test } from 'vitest'
import { CLOCK_TOLERANCE_MS } from '../../../core/api.ts'
import { memberLines } from '../../../node/cli/members.ts'
import { OverlapNews, overlapLine, overlapLines } from '../../../node/cli/overlap-lines.ts'
import { alsoHere, namesOf } from '../../../node/cli/people.ts'
import { teamProblems, teamRows } from '../../../node/cli/team-status.ts'
import { whoLines } from '../../../node/cli/who.ts'
import { SOURCE, sessionRow } from '../api/support.ts'
import { AT, memberRow, overlap, peerStatus, SELF, TEAM } from './support.ts'

const HOUR_AGO = new Date(AT - 3_600_000).toISOString()
const BRUNO = memberRow('Bruno', 'thinkpad-y7d1rt', { presence: 'waiting', connection: 'relayed', behind: 3 })
const CHEN = memberRow('Chen', 'desk-ybndrf', {
  presence: 'offline',
  connection: 'offline',
  lastSeen: HOUR_AGO,
})
const EVE = memberRow('Eve', 'tablet-8ejkmc', { role: 'reader', presence: 'online' })
const BOX = memberRow('box-1', 'box-pqxot1', { role: 'reader', presence: 'online', isArchiver: true })
const DANA = memberRow('Dana', 'mac-uwisza', {
  presence: 'offline',
  connection: 'connecting',
  behind: 1,
  lastSeen: null,
})
const ALL = [EVE, CHEN, BRUNO, SELF, BOX, DANA]

describe('the name of a source', () => {
  test('is its member, with the source besides where two have one name', () => {
    const nameOf = namesOf([SELF, BRUNO, memberRow('Ada', 'desk-a345h7')])
    expect(nameOf(BRUNO.source)).toBe('Bruno')
    expect(nameOf(SELF.source)).toBe(`Ada (${SOURCE})`)
    expect(nameOf('desk-a345h7')).toBe('Ada (desk-a345h7)')
    expect(nameOf('unknown-a345h7')).toBe('unknown-a345h7')
  })

  test('is the source itself while there are no teammates', () => {
    expect(namesOf([SELF])(SOURCE)).toBe(SOURCE)
  })
})

describe('members', () => {
  test('are oneself and then the others by name, each with role, presence and how it is reached', () => {
    expect(memberLines(ALL, AT).map((line) => line.split(/ {2,}/))).toEqual([
      ['Ada (you)', 'member', 'active', SOURCE],
      ['box-1', 'watching, archiving', 'online, direct', 'box-pqxot1'],
      ['Bruno', 'member', 'waiting, relayed, 3 blocks behind', 'thinkpad-y7d1rt'],
      ['Chen', 'member', 'offline, seen 1 h ago', 'desk-ybndrf'],
      ['Dana', 'member', 'connecting, 1 block behind, not met yet', 'mac-uwisza'],
      ['Eve', 'watching', 'online, direct', 'tablet-8ejkmc'],
    ])
  })

  test('who are here and in no other line are named in one', () => {
    expect(alsoHere(ALL, new Set([BRUNO.source]))).toEqual([
      'Also here: box-1 (watching, archiving), Eve (watching)',
    ])
    expect(alsoHere([SELF, CHEN], new Set())).toEqual([])
  })
})

describe('an overlap', () => {
  const nameOf = namesOf(ALL)

  test('with a teammate says so in one line', () => {
    expect(overlapLine(overlap(), nameOf, AT)).toBe(
      "You and Bruno are in the same file: invite.ts in web-app (Bruno's hazel-otter 1 min ago, your amber-kettle 2 min ago)",
    )
  })

  test('of others, and of one’s own sessions, is told apart, and teammates come first', () => {
    const others = overlap({
      sessions: [
        { ...overlap().sessions[0]!, source: CHEN.source },
        { ...overlap().sessions[0]!, sessionId: 'c' },
      ],
    })
    const own = overlap({
      kind: 'own',
      sessions: overlap().sessions.map((session) => ({ ...session, source: SOURCE, isSelf: true })),
    })
    expect(overlapLines([own, others], nameOf, AT)).toEqual([
      "Chen and Bruno are in the same file: invite.ts in web-app (Chen's hazel-otter 1 min ago, Bruno's hazel-otter 1 min ago)",
      '2 of your own sessions are in the same file: invite.ts in web-app (hazel-otter 1 min ago, amber-kettle 2 min ago)',
    ])
  })

  test('is news once for a file and a pair of sessions', () => {
    const news = new OverlapNews()
    const both = overlap()
    const third = { ...both.sessions[0]!, sessionId: 'c' }
    expect(news.of([both])).toEqual([both])
    expect(news.of([{ ...both, sessions: both.sessions.toReversed() }])).toEqual([])
    expect(news.of([{ ...both, fileTag: 'ejkmybndrfg8' }])).toHaveLength(1)
    expect(news.of([{ ...both, sessions: [...both.sessions, third] }])).toHaveLength(1)
    expect(news.of([{ ...both, sessions: [...both.sessions, third] }])).toEqual([])
  })
})

describe('who', () => {
  test('begins with the same file, names people, and ends with who else is here', () => {
    const sessions = [sessionRow(1), sessionRow(2, { source: BRUNO.source })]
    const lines = whoLines({ sessions, members: ALL, overlaps: [overlap()] }, AT)
    expect(lines[0]).toMatch(/^You and Bruno are in the same file: invite\.ts/)
    expect(lines[1]).toMatch(/^Ada {4}amber-kettle {2}web/)
    expect(lines[2]).toMatch(/^Bruno {2}amber-kettle {2}web/)
    expect(lines[3]).toBe('Also here: box-1 (watching, archiving), Eve (watching)')
  })

  test('says that nothing brews, and who is here all the same', () => {
    expect(whoLines({ sessions: [], members: [SELF, EVE], overlaps: [] }, AT)).toEqual([
      'Nothing brewing. Start your assistant in any repo; it shows up here.',
      'Also here: Eve (watching)',
    ])
  })
})

describe('status', () => {
  test('says team, reach and peers', () => {
    const peers = [
      peerStatus('Bruno', 'thinkpad-y7d1rt', { connection: 'relayed', behind: 3 }),
      peerStatus('desk-ybndrf', 'desk-ybndrf', {
        role: 'reader',
        connection: 'offline',
        lastSeen: HOUR_AGO,
        version: null,
      }),
    ]
    expect(teamRows({ team: TEAM, peers }, AT)).toEqual([
      ['team', `"harbour", ${TEAM.teamId} (member)`],
      ['reach', 'Connected with 2 of 3 teammates.'],
      ['peer', 'Bruno (thinkpad-y7d1rt): member, relayed, 3 blocks behind, VibeTea 0.1.0'],
      ['peer', 'desk-ybndrf: reader, offline, seen 1 h ago'],
    ])
    expect(teamRows({ team: null, peers: [] }, AT)).toEqual([['team', 'none: nothing leaves this machine']])
  })

  const node = { version: '1.1.0', source: SOURCE, device: '', home: '', startedAt: '', pausedUntil: null }

  test('says why a log is not read on', () => {
    const peers = [peerStatus('Bruno', 'thinkpad-y7d1rt', { problem: 'Its log grew too fast.' })]
    expect(teamProblems({ node, peers })).toEqual(['problem: Bruno: Its log grew too fast.'])
  })

  test.each([
    [2 * 3_600_000, "Bruno's clock is 2 h ahead of this machine's."],
    [-45 * 60_000, "Bruno's clock is 45 min behind this machine's."],
    [CLOCK_TOLERANCE_MS, "Bruno's clock is 2 min ahead of this machine's."],
  ])('says of a clock that is %d ms ahead how wrong it is', (clockAheadMs, sentence) => {
    const peers = [peerStatus('Bruno', 'thinkpad-y7d1rt', { clockAheadMs })]
    expect(teamProblems({ node, peers })).toEqual([expect.stringContaining(`problem: Bruno: ${sentence}`)])
  })

  test('says nothing of clocks that differ by less, or that nobody has seen', () => {
    const peers = [CLOCK_TOLERANCE_MS - 1, 1 - CLOCK_TOLERANCE_MS, null].map((clockAheadMs) =>
      peerStatus('Bruno', 'thinkpad-y7d1rt', { clockAheadMs }),
    )
    expect(teamProblems({ node, peers })).toEqual([])
  })

  test.each([
    [['1.3.0', '1.10.0', '1.2.0'], ['Teammates run VibeTea 1.10.0, you 1.1.0: time to update.']],
    [['1.1.0', '1.0.9', null, 'latest', '9'], []],
  ])('where teammates run %j says %j', (versions, lines) => {
    const peers = versions.map((version) => peerStatus('Bruno', 'thinkpad-y7d1rt', { version }))
    expect(teamProblems({ node, peers })).toEqual(lines)
  })
})
