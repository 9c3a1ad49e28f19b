import { render, screen, within } from '@testing-library/svelte'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { MemberRow, SessionRow } from '../../core/api.ts'
import { handleOf } from '../../core/handle.ts'
import { brewing, MAX_LINES } from '../../ui/lib/brewing.ts'
import { teammatesOf } from '../../ui/lib/people.svelte.ts'
import { awayWords, clockThere, clockTitle } from '../../ui/lib/teammates.ts'
import Avatar from '../../ui/components/Avatar.svelte'
import { prompt, TestPage } from './page.ts'
import { memberRow, NOW, sessionRow } from './support.ts'

const iso = (ms: number) => new Date(ms).toISOString()
const HOUR = 3_600_000

const ADA = memberRow({ source: 'laptop-ybndrf', device: 'a', isSelf: true, connection: null })
const BRUNO = memberRow({ source: 'bruno-cpqxot', device: 'b', name: 'Bruno Lima' })
const EMI = memberRow({ source: 'emi-jkmcpq', device: 'e', name: 'Emi Tanaka' })

function session(source: string, id: string, change: Partial<SessionRow> = {}): SessionRow {
  return sessionRow({ source, sessionId: id, ...change })
}

const asking = (source: string, id: string, minutes: number) => {
  const since = iso(NOW - minutes * 60_000)
  return session(source, id, { state: 'waiting', needs: 'answer', needsSince: since, lastEventAt: since })
}

describe('who works on what', () => {
  const people = teammatesOf([EMI, BRUNO, ADA], [])

  it('is by name, oneself first, whatever somebody does; who has no session is told of at the end', () => {
    const rows = [session(EMI.source, 'x'), session(EMI.source, 'y'), session(ADA.source, 'z')]
    const { brewers, idle } = brewing(rows, people)
    expect(brewers.map(({ source, sessions }) => [source, sessions.length])).toEqual([
      [ADA.source, 1],
      [EMI.source, 2],
    ])
    expect(idle.map(({ name }) => name)).toEqual(['Bruno Lima'])
  })

  it('has what waits for an answer on top, and its person not among the idle', () => {
    const { asking: top, brewers, idle } = brewing([asking(BRUNO.source, 'w', 3)], people)
    expect(top.map(({ sessionId }) => sessionId)).toEqual(['w'])
    expect(brewers).toEqual([])
    expect(idle.map(({ name }) => name)).toEqual(['Ada Okafor', 'Emi Tanaka'])
  })

  it('has people of whom only sessions are known', () => {
    expect(brewing([session('ghost-qqqqqq', 'g')], people).brewers).toMatchObject([
      { source: 'ghost-qqqqqq', person: null },
    ])
  })

  it.each([
    ['have one session each', 1, 256],
    ['have three sessions each', 3, 256],
    ['have none', 0, 256],
    ['are few and have thousands', 3000, 3],
  ])('has at most so many lines where people %s, and tells how many more there are', (_what, each, count) => {
    const team = teammatesOf(
      Array.from({ length: count }, (_, i) =>
        memberRow({ source: `mate-${i}`, device: `d${i}`, name: `Mate ${i}` }),
      ),
      [],
    )
    const rows = team.flatMap(({ source }) =>
      Array.from({ length: each }, (_, i) => session(source, `${source} ${i}`)),
    )
    const { brewers, idle, morePeople } = brewing(rows, team)
    const lines = brewers.reduce((sum, { sessions, more }) => sum + 1 + sessions.length + (more ? 1 : 0), 0)
    expect(lines + 2 * idle.length).toBeLessThanOrEqual(MAX_LINES)
    expect(lines + 2 * idle.length).toBeGreaterThan(each ? MAX_LINES - 3 : 20)
    expect(brewers.length + idle.length + morePeople).toBe(count)
    expect(brewers.map(({ source }) => source)).toEqual(
      (each ? team : []).slice(0, brewers.length).map(({ source }) => source),
    )
    for (const { sessions, more } of brewers) expect(sessions.length + more).toBe(each)
  })

  it('has the empty cups of a small team beside somebody’s ten thousand sessions', () => {
    const rows = Array.from({ length: 10_000 }, (_, i) => session(ADA.source, `a${i}`))
    const { idle, morePeople } = brewing(rows, people)
    expect([idle.map(({ name }) => name), morePeople]).toEqual([['Bruno Lima', 'Emi Tanaka'], 0])
  })

  it('is no longer than somebody reads, and everybody with sessions has lines', () => {
    const rows = [
      ...Array.from({ length: 9990 }, (_, i) => session(ADA.source, `a${i}`)),
      ...Array.from({ length: 10 }, (_, i) => session(EMI.source, `e${i}`)),
      ...Array.from({ length: 30 }, (_, i) => asking(BRUNO.source, `b${i}`, i)),
    ]
    const { asking: top, moreAsking, brewers } = brewing(rows, people)
    const lines = brewers.reduce((sum, { sessions, more }) => sum + 1 + sessions.length + (more ? 1 : 0), 0)
    expect(top.length + lines).toBe(MAX_LINES)
    expect([top.length, moreAsking]).toEqual([20, 10])
    expect(brewers.map(({ sessions, more }) => [sessions.length, more])).toEqual([
      [27, 9963],
      [10, 0],
    ])
  })
})

describe('somebody’s clock', () => {
  const there = (at: string, offset: number) => clockThere(Date.parse(at), offset)
  const here = -new Date(NOW).getTimezoneOffset()

  it('is that of their own wall, with the day where it is another', () => {
    const noon = new Date(2026, 10, 20, 12).getTime()
    expect(clockThere(noon, here)).toBe('12:00')
    expect(clockThere(noon, here + 345)).toBe('17:45')
    expect(clockThere(noon, here - 210)).toBe('08:30')
    expect(clockThere(noon, here + 13 * 60)).toBe('Sat 01:00')
    expect(there('2026-11-20T23:30:00Z', 0)).toContain('23:30')
  })

  it('is said in full with how far it is from here', () => {
    expect(clockTitle(NOW, here + 345)).toContain('there, 5 h 45 min ahead of you; as their machine says')
    expect(clockTitle(NOW, here - 60)).toContain('1 h behind you')
    expect(clockTitle(NOW, here)).toContain('as here')
  })
})

it('somebody who is gone is said to be, and since when', () => {
  const gone = { presence: 'offline', isSelf: false } as const
  expect(awayWords({ ...gone, lastSeen: iso(NOW - 2 * HOUR) }, NOW)).toBe('offline 2 h')
  expect(awayWords({ ...gone, lastSeen: null }, NOW)).toBe('not met yet')
  expect(awayWords({ ...gone, presence: 'away', lastSeen: null }, NOW)).toBe('away')
  expect(awayWords({ ...gone, presence: 'active', lastSeen: null }, NOW)).toBe('')
})

it('an avatar has letters and a colour, and is not read aloud', () => {
  const { container } = render(Avatar, { colour: 3, name: '<b>Emi</b> Tanaka', presence: 'away' })
  const avatar = container.querySelector('.avatar')!
  expect(avatar.getAttribute('aria-hidden')).toBe('true')
  expect(avatar.textContent.trim()).toBe('BT')
  expect(avatar.className).toContain('who-3')
})

describe('the panel', () => {
  let page: TestPage
  beforeEach(() => {
    page = new TestPage()
  })
  afterEach(() => page.close())

  const open = async (members: MemberRow[], sessions: SessionRow[]) => {
    page.api.answers.members = { members }
    page.api.answers.sessions = { sessions }
    await page.open([prompt(1)])
  }
  const panel = () => within(screen.getByRole('region', { name: 'Who’s brewing' }))
  const text = () => screen.getByRole('region', { name: 'Who’s brewing' }).textContent.replace(/\s+/g, ' ')

  it('has whoever needs an answer on top with their name, then everyone with their clock', async () => {
    await open(
      [
        ADA,
        { ...BRUNO, utcOffsetMinutes: 345 },
        { ...EMI, presence: 'offline', lastSeen: iso(NOW - 2 * HOUR), lastSessionAt: iso(NOW - 3 * HOUR) },
      ],
      [
        session(ADA.source, 'a', {
          assistant: 'codex',
          last: { eventType: 'tool', tool: 'Edit', context: 'x.ts' },
        }),
        asking(BRUNO.source, 'b', 4),
        session(BRUNO.source, 'c', { state: 'inactive', lastEventAt: iso(NOW - 6 * 60_000) }),
      ],
    )
    const lines = panel().getAllByRole('listitem')
    expect(lines.map((line) => line.querySelector('b')!.textContent)).toEqual(['b', 'a', 'c'].map(handleOf))
    expect(lines[0]!.textContent).toMatch(/needs an answer.*4 min.*Bruno Lima/s)
    expect(lines[1]!.textContent.replace(/\s+/g, ' ')).toContain('Codex · Edit x.ts')
    expect(
      panel()
        .getAllByRole('heading', { level: 3 })
        .map(({ textContent }) => textContent),
    ).toEqual(['Ada Okafor', 'Bruno Lima', 'Emi Tanaka'])
    expect(text()).toContain(`Bruno Lima ${clockThere(NOW, 345)} there`)
    expect(text()).toContain('Emi Tanaka offline 2 h cup’s empty · last session 3 h ago')
    expect(text()).toContain('1 needs an answer · 1 active · 1 idle')
  })

  it('says of ten thousand sessions how many more there are, and where', async () => {
    await open(
      [ADA],
      Array.from({ length: 10_000 }, (_, i) => session(ADA.source, `s${i}`)),
    )
    expect(panel().getAllByRole('listitem')).toHaveLength(MAX_LINES - 1)
    expect(text()).toContain('and 9,941 more sessions')
    expect(panel().getByRole('link', { name: 'see them in the timeline' }).getAttribute('href')).toBe(
      '#/timeline',
    )
  })

  it('of 256 people names some, and says how many more there are and where', async () => {
    const members = Array.from({ length: 256 }, (_, i) =>
      memberRow({ source: `mate-${i}`, device: `d${i}`, name: `Mate ${i}`, isSelf: i === 0 }),
    )
    await open(
      members,
      members.map(({ source }) => session(source, source)),
    )
    expect(panel().getAllByRole('heading', { level: 3 })).toHaveLength(30)
    expect(panel().getAllByRole('listitem')).toHaveLength(30)
    expect(text()).toContain('and 226 more people: see everyone')
    expect(panel().getByRole('link', { name: 'see everyone' }).getAttribute('href')).toBe('#/people')
  })

  it('shows no names and no empty cups to who is alone', async () => {
    await open([ADA], [])
    expect(panel().queryByRole('heading', { level: 3 })).toBeNull()
    expect(text()).toContain('Nothing brewing.')
  })
})
