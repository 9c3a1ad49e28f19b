import { describe, expect, it } from 'vitest'
import { coloursApart, namesApart, People, teammatesOf } from '../../ui/lib/people.svelte.ts'
import { archivedWords, behindWords, initials, roleWords, seenWords } from '../../ui/lib/teammates.ts'
import { memberRow, NOW, peerStatus } from './support.ts'

describe('names', () => {
  const called = (...people: [source: string, name: string][]) => [
    ...namesApart(people.map(([source, name]) => ({ source, name }))).values(),
  ]

  it('stand alone where nobody else has them', () => {
    expect(called(['mac-ybndrf', 'Ada'], ['desk-cpqxot', 'Bruno'])).toEqual(['Ada', 'Bruno'])
  })

  it('that are alike, or look alike, are told apart by machine', () => {
    expect(called(['mac-ybndrf', 'Ada'], ['desk-cpqxot', ' ada\u200B'])).toEqual(['Ada (mac)', 'ada (desk)'])
  })

  it('that are alike on machines that are called alike are told apart by device', () => {
    const twins = called(['mac-ybndrf', 'Ada'], ['mac-cpqxot', 'Ada'], ['desk-aaaaaa', 'Ada'])
    expect(twins).toEqual(['Ada (ybndrf)', 'Ada (cpqxot)', 'Ada (desk)'])
  })

  it('that nobody can see, or that have not come yet, are the machine’s', () => {
    expect(called(['mac-ybndrf', '\u202E \u200B'])).toEqual(['mac'])
    expect(called(['mac-ybndrf', 'mac-ybndrf'])).toEqual(['mac'])
    expect(new People().name('thinkpad-y7d1rt')).toBe('thinkpad')
  })
})

describe('colours', () => {
  const names = (length: number) => Array.from({ length }, (_, i) => `machine-${i}`)

  it('are different for up to eight people, whoever they are', () => {
    for (let seed = 0; seed < 50; seed++) {
      const eight = names(8).map((name) => `${name}${seed}`)
      expect(new Set(coloursApart(eight).values()).size).toBe(8)
    }
  })

  it('stay with most when somebody comes, and all have one when there are more', () => {
    const before = coloursApart(names(6))
    const after = coloursApart([...names(6), 'newcomer'])
    const moved = [...before].filter(([name, colour]) => after.get(name) !== colour)
    expect(moved.length).toBeLessThanOrEqual(1)
    expect([...coloursApart(names(40)).values()].every((colour) => colour >= 0 && colour < 8)).toBe(true)
  })
})

describe('teammates', () => {
  it('stand by name, oneself first, whatever they did', () => {
    const rows = ['Zoe', 'Ada', 'Me', 'Bruno'].map((name, i) =>
      memberRow({ name, source: `m-${i}`, device: `d${i}`, isSelf: name === 'Me' }),
    )
    expect(teammatesOf(rows, []).map(({ name }) => name)).toEqual(['Me', 'Ada', 'Bruno', 'Zoe'])
  })

  it('are reached as the peer of their device is', () => {
    const members = [memberRow({ device: 'a', connection: 'direct', behind: 0 })]
    const [row] = teammatesOf(members, [
      peerStatus({ device: 'a', connection: 'relayed', behind: 7, problem: 'Its log grew too fast.' }),
    ])
    expect(row).toMatchObject({ connection: 'relayed', behind: 7, problem: 'Its log grew too fast.' })
  })

  it('are there as soon as they are met', () => {
    const rows = teammatesOf([], [peerStatus({ device: 'b', name: 'Bruno', connection: 'direct' })])
    expect(rows).toMatchObject([{ name: 'Bruno', presence: 'online', isSelf: false }])
  })
})

describe('words', () => {
  it('say what somebody does in the team', () => {
    expect(roleWords({ role: 'member', isArchiver: false })).toEqual(['member'])
    expect(roleWords({ role: 'member', isArchiver: true })).toEqual(['member', 'archives'])
    expect(roleWords({ role: 'reader', isArchiver: false })).toEqual(['watching'])
    expect(roleWords({ role: 'reader', isArchiver: true })).toEqual(['archives'])
    expect(roleWords({ role: 'mirror', isArchiver: false })).toEqual(['mirror'])
  })

  it('say who keeps the team’s history, and who can read it there', () => {
    const [ada, box, cup] = ['Ada', 'box-1', 'cup'].map((name) =>
      memberRow({ name, isSelf: name === 'Ada', isArchiver: true }),
    )
    const said = (...people: (typeof ada)[]) => archivedWords(people.map((one) => one!)).split(':')[0]
    expect(said(memberRow())).toBe('')
    expect(said(memberRow(), box)).toBe('box-1 keeps the team’s history')
    expect(said(box, cup)).toBe('box-1 and cup keep the team’s history')
    expect(said(ada)).toBe('Your node keeps the team’s history')
    expect(said(ada, box)).toBe('Ada (you) and box-1 keep the team’s history')
    expect(archivedWords([box!])).toContain('Whoever has access to that archive can read it there')
  })

  it('say how far a log is behind, where there is one', () => {
    const other = { role: 'member', isSelf: false, connection: 'direct', lastSeen: null } as const
    expect(behindWords({ ...other, behind: 0 })).toBe('up to date')
    expect(behindWords({ ...other, behind: 1 })).toBe('1 block behind')
    expect(behindWords({ ...other, role: 'reader', behind: 0 })).toBe('')
    const gone = { ...other, behind: 0, connection: 'offline' } as const
    expect(behindWords({ ...gone, lastSeen: new Date(NOW).toISOString() })).toBe('complete up to then')
    expect(behindWords(gone)).toBe('nothing here yet')
  })

  it('say when somebody was last seen', () => {
    const gone = { isSelf: false, connection: 'offline' as const }
    expect(seenWords({ ...gone, lastSeen: new Date(NOW - 7_500_000).toISOString() }, NOW)).toBe(
      '2 h 5 min ago',
    )
    expect(seenWords({ ...gone, lastSeen: null }, NOW)).toBe('not met yet')
    expect(seenWords({ ...gone, connection: 'relayed', lastSeen: null }, NOW)).toBe('now')
  })

  it('have two letters for a name', () => {
    expect(['Ada Okafor', 'eve', 'Ada Okafor (mac)', '李 明', '…'].map(initials)).toEqual([
      'AO',
      'E',
      'AO',
      '李明',
      '?',
    ])
  })
})
