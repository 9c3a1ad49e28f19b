import { fireEvent, screen, within } from '@testing-library/svelte'
import { tick } from 'svelte'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { EventRow, MemberRow, Overlap, StatusAnswer, TeamStatus } from '../../core/api.ts'
import { handleOf } from '../../core/handle.ts'
import { toolAt } from '../support/events.ts'
import { clockThere } from '../../ui/lib/teammates.ts'
import { articles, prompt, TestPage } from './page.ts'
import { memberRow, NOW, overlap, peerStatus, rowOf, sessionRow, STATUS } from './support.ts'

const ADA = memberRow({ source: 'ada-ybndrf', device: 'a', isSelf: true, connection: null })
const BRUNO = memberRow({
  source: 'bruno-cpqxot',
  device: 'b',
  name: 'Bruno Lima',
  presence: 'waiting',
  utcOffsetMinutes: 345,
})
const TEAM: TeamStatus = {
  teamId: 'kzf4oy9h',
  role: 'member',
  name: 'harbour',
  reach: { state: 'connected', message: 'Connected.' },
}

let page: TestPage
beforeEach(() => {
  page = new TestPage()
})
afterEach(() => page.close())

/** Opens the dashboard of a team of which the test says more. */
async function open({
  members = [ADA, BRUNO],
  status = {},
  overlaps = [],
  rows = [prompt(1)],
}: {
  members?: MemberRow[]
  status?: Partial<StatusAnswer>
  overlaps?: Overlap[]
  rows?: EventRow[]
} = {}): Promise<void> {
  page.api.answers.status = { ...STATUS, team: TEAM, peers: [], ...status }
  page.api.answers.members = { members }
  page.api.answers.overlaps = { overlaps }
  page.api.answers.sessions = {
    sessions: [BRUNO, ADA].map(({ source }, i) => sessionRow({ source, sessionId: `session-${i}` })),
  }
  page.api.answers.outbox = { events: [] }
  await page.open(rows)
}

const banner = () => screen.queryByRole('region', { name: 'Same file' })
const whoPanel = () => screen.getByRole('region', { name: 'Who’s brewing' })
const sessions = () => within(whoPanel()).getAllByRole('listitem')
const rowOfSession = (n: number) =>
  sessions().find((row) => row.textContent.includes(handleOf(`session-${n}`)))!
const press = async (key: string) => {
  await fireEvent.keyDown(document.activeElement ?? document.body, { key })
  await tick()
}

describe('“You are in the same file”', () => {
  const edit = () => {
    const row = rowOf(toolAt(NOW + 9, 'completed', { id: 9, source: BRUNO.source }), 9)
    if (row.eventType === 'tool') row.payload.fileTag = 'ybndrfg8ejkm'
    return row
  }

  it('is said as it happens, on every screen, in the title, and at both sessions', async () => {
    await open()
    expect(banner()).toBeNull()
    page.api.answers.overlaps = { overlaps: [overlap()] }
    await page.come(edit())
    expect(within(banner()!).getByRole('alert').textContent).toBe('Bruno Lima’s agent is in invite.ts too')
    expect(banner()!.textContent).toMatch(/web-app ·\s+Bruno Lima’s\s.*, your\s.*· since/s)
    const links = within(banner()!).getAllByRole('link')
    expect(links.map((link) => [link.textContent, link.getAttribute('href')])).toEqual([
      [handleOf('session-0'), '#/session/session-0'],
      [handleOf('session-1'), '#/session/session-1'],
    ])
    expect(document.title).toBe('Same file: invite.ts · VibeTea')
    expect(rowOfSession(0).textContent).toContain('Your agent is in invite.ts too')
    expect(rowOfSession(1).textContent).toContain('Bruno Lima’s agent is in invite.ts too')
    for (const hash of ['#/heat', '#/people', '#/settings', '#/session/session-1']) {
      await page.go(hash)
      expect(banner(), hash).toBeTruthy()
    }
  })

  it('is dismissed with Escape, which then does what it did before', async () => {
    await open({ overlaps: [overlap()], rows: [] })
    await page.go('#/session/session-1')
    await press('Escape')
    expect(banner()).toBeNull()
    expect(document.title).toBe('VibeTea')
    expect(location.hash).toBe('#/session/session-1')
    expect(screen.getByRole('main').textContent).toContain('Bruno Lima’s agent is in invite.ts too')
    await press('Escape')
    expect(location.hash).toBe('#/live')
  })

  it('is dismissed with its button, and comes back when it begins anew', async () => {
    await open({ overlaps: [overlap()] })
    await fireEvent.click(
      screen.getByRole('button', { name: 'Got it: Bruno Lima’s agent is in invite.ts too' }),
    )
    await page.settle(31)
    expect(banner()).toBeNull()
    page.api.answers.overlaps = { overlaps: [] }
    await page.settle(31)
    expect(rowOfSession(1).textContent).not.toContain('invite.ts')
    page.api.answers.overlaps = { overlaps: [overlap()] }
    await page.come(edit())
    expect(banner()).toBeTruthy()
  })

  it('goes by itself when it is over', async () => {
    await open({ overlaps: [overlap()] })
    page.api.answers.overlaps = { overlaps: [] }
    await page.settle(31)
    expect(banner()).toBeNull()
  })

  it('is a mark at the rows where two teammates meet, or two agents of one’s own', async () => {
    const theirs = overlap({ who: [BRUNO.source, 'dana-jkmcpq'], fileTag: 'b' })
    const own = overlap({ who: [ADA.source, ADA.source], context: 'schema.sql', fileTag: 'c' })
    own.sessions[0]!.sessionId = 'session-7'
    await open({ overlaps: [theirs, own] })
    expect(banner()).toBeNull()
    expect(document.title).toBe('VibeTea')
    expect(rowOfSession(0).textContent).toContain('dana’s agent is in invite.ts too')
    expect(rowOfSession(1).textContent).toContain('Two of your agents are in schema.sql')
  })

  it('shows what others chose as text', async () => {
    const hostile = '<img src=x onerror=alert(1)>\u202E'
    const members = [ADA, { ...BRUNO, name: hostile }]
    await open({ members, overlaps: [{ ...overlap({ context: hostile }), project: hostile }] })
    expect(banner()!.querySelector('img')).toBeNull()
    expect(banner()!.textContent).toContain('<img src=x onerror=alert(1)>’s agent')
    expect(banner()!.textContent).not.toContain('\u202E')
    await page.go('#/people')
    expect(screen.getByRole('main').querySelector('img')).toBeNull()
  })
})

describe('whose it is', () => {
  it('is said by name, with the label in a tooltip', async () => {
    await open({ rows: [rowOf(toolAt(NOW, 'started', { id: 1, source: BRUNO.source }))] })
    expect(within(articles()[0]!).getByTitle('Bruno Lima, bruno-cpqxot').textContent).toBe('Bruno Lima')
    expect(within(whoPanel()).getByTitle('Events of Bruno Lima, bruno-cpqxot').textContent).toBe('Bruno Lima')
    await fireEvent.click(screen.getByRole('button', { name: 'filter' }))
    const who = within(screen.getByRole('group', { name: 'Who', hidden: true }))
    expect(who.getByTitle('bruno-cpqxot').textContent.trim()).toBe('Bruno Lima')
    await page.go('#/session/session-0')
    expect(screen.getByText('who').nextElementSibling!.textContent).toBe('Bruno Lima')
    expect(screen.getByTitle('Events of Bruno Lima, bruno-cpqxot').getAttribute('href')).toBe(
      '#/live?source=bruno-cpqxot',
    )
    expect(screen.getByRole('main').textContent).toContain(`${clockThere(NOW, 345)} there`)
  })

  it('is told apart where two have one name', async () => {
    const twin = memberRow({ source: 'desk-jkmcpq', device: 'c', name: 'Bruno Lima' })
    await open({
      members: [ADA, BRUNO, twin],
      rows: [rowOf(toolAt(NOW, 'started', { source: BRUNO.source }))],
    })
    expect(articles()[0]!.textContent).toContain('Bruno Lima (bruno)')
  })

  it('offers no filter for those who only watch', async () => {
    await open({ members: [ADA, BRUNO, memberRow({ source: 'eve-jkmcpq', name: 'Eve', role: 'reader' })] })
    await fireEvent.click(screen.getByRole('button', { name: 'filter' }))
    const who = within(screen.getByRole('group', { name: 'Who', hidden: true }))
    expect(who.getAllByRole('checkbox', { hidden: true })).toHaveLength(2)
  })
})

describe('the people', () => {
  const words = (cell: Element) => cell.textContent.replace(/\s+/g, ' ').trim()
  const rows = () =>
    screen
      .getAllByRole('row')
      .slice(1)
      .map((row) => [...row.children].map(words).filter(Boolean).join(' | '))

  it('are everyone, with how they are and how they are reached', async () => {
    const lastSeen = new Date(NOW - 7_200_000).toISOString()
    const members = [
      { ...BRUNO, eventsHeld: 3984 },
      memberRow({ device: 'e', source: 'eve-jkmcpq', name: 'Eve', role: 'reader', presence: 'online' }),
      memberRow({
        device: 'x',
        source: 'box-jkmcpq',
        name: 'box-1',
        role: 'reader',
        isArchiver: true,
        presence: 'online',
      }),
      memberRow({
        device: 'd',
        source: 'dana-jkmcpq',
        name: 'Dana',
        presence: 'offline',
        connection: 'offline',
        lastSeen,
      }),
      ADA,
    ]
    const peers = [
      peerStatus({
        device: 'd',
        connection: 'offline',
        behind: 12,
        lastSeen,
        problem: 'Its log grew too fast.',
      }),
      peerStatus({ device: 'b', path: 'local', version: '1.3.0' }),
    ]
    await open({ members, status: { peers } })
    await page.go('#/people')
    const there = clockThere(NOW, 345)
    expect(rows()).toEqual([
      'AO Ada Okafor you active · ada-ybndrf | this machine | seen now | 0 events held | member | key a',
      'B1 box-1 online · box-jkmcpq | direct | seen now | archives | key x',
      `BL Bruno Lima waiting · bruno-cpqxot · VibeTea 1.3.0, newer than yours | ${there} there | direct · local network | up to date | seen now | 3,984 events held | member | key b`,
      'D Dana offline · dana-jkmcpq | offline | 12 blocks behind | seen 2 h ago | 0 events held | member | key d',
      '▲ Its log grew too fast.',
      'E Eve online · eve-jkmcpq | direct | seen now | watching | key e',
    ])
    expect(screen.getByText('harbour · 5 devices · 3 of 4 connected · 1 offline')).toBeTruthy()
    expect(screen.getByText('Teammates run VibeTea 1.3.0, you 0.1.0.')).toBeTruthy()
    expect(screen.getByText(/^box-1 keeps the team’s history: .* can read it there/)).toBeTruthy()
  })

  it('change as they do', async () => {
    await open()
    await page.go('#/people')
    page.socket.say({ type: 'presence', members: [ADA, { ...BRUNO, presence: 'away' }] })
    await page.settle()
    expect(rows()[1]).toMatch(/away · bruno-cpqxot \| .* \| direct/)
    page.socket.say({
      type: 'peers',
      peers: [peerStatus({ device: 'b', connection: 'connecting', behind: 3 })],
    })
    await page.settle()
    expect(rows()[1]).toMatch(/away · bruno-cpqxot \| .* \| connecting \| 3 blocks behind/)
  })

  it('are invited with a command to copy, which a key opens and Escape closes', async () => {
    page.api.answers['actions/invite'] = { key: 'vt1wpretend', role: 'member' }
    await open()
    await press('i')
    await page.settle()
    expect(location.hash).toBe('#/people?invite=1')
    const card = within(screen.getByRole('group', { name: 'Invitation' }))
    await fireEvent.click(card.getByRole('button', { name: 'Show the team key' }))
    await page.settle()
    expect(card.getByText('npx vibetea join vt1wpretend')).toBeTruthy()
    expect(card.getByRole('button', { name: 'Copy the command with the team key' })).toBeTruthy()
    expect(card.getByText(/Treat it as a password/)).toBeTruthy()
    await press('Escape')
    expect(screen.queryByRole('group', { name: 'Invitation' })).toBeNull()
    expect(location.hash).toBe('#/people')
  })

  it('say why nobody can be reached', async () => {
    const reach = { state: 'unreachable', message: 'The network has no way out.' } as const
    await open({ status: { team: { ...TEAM, reach } } })
    expect(screen.getByRole('link', { name: 'Live · nobody reachable' }).title).toBe(reach.message)
    await press('g')
    await press('p')
    expect(location.hash).toBe('#/people')
    await page.settle()
    expect(screen.getByText('Nobody can be reached.').parentElement!.textContent).toContain(reach.message)
  })

  it('are nowhere without a team, and their address says how to make one', async () => {
    await open({ members: [ADA], status: { team: null } })
    const places = within(screen.getByRole('navigation', { name: 'Screens' })).getAllByRole('link')
    expect(places.map((link) => link.textContent.trim())).not.toContain('People')
    await page.go('#/people')
    expect(screen.getByText('npx vibetea join <team-key>')).toBeTruthy()
  })
})

describe('a team that has no session yet', () => {
  it('is not told that nothing leaves', async () => {
    page.api.answers.status = { ...STATUS, team: TEAM }
    page.api.answers.members = { members: [ADA] }
    await page.open()
    const welcome = screen.getByText('Kettle’s on.').parentElement!.textContent
    expect(welcome).toContain('no project is shared. Of those that you share')
    expect(welcome).not.toContain('Nothing, while')
    expect(welcome).not.toContain('this machine only')
  })
})

describe('the settings of a team', () => {
  const sent = () => page.api.asked.filter(({ path }) => path === 'actions/invite').map(({ body }) => body)

  it('name it, and give a key to hand out with what it means', async () => {
    await open()
    await page.go('#/settings')
    const team = within(screen.getByRole('region', { name: 'Team' }))
    expect(team.getByText('harbour')).toBeTruthy()
    expect(team.getByText('kzf4oy9h')).toBeTruthy()
    expect(screen.queryByText(/Anyone with this key/)).toBeNull()
    page.api.answers['actions/invite'] = { key: 'vt1wpretend', role: 'member' }
    await fireEvent.click(team.getByRole('button', { name: 'Show the team key' }))
    await page.settle()
    expect(team.getByText('vt1wpretend')).toBeTruthy()
    expect(team.getByRole('button', { name: 'Copy the team key' })).toBeTruthy()
    expect(team.getByText('Anyone with this key can read and join until you rotate it.')).toBeTruthy()
    page.api.answers['actions/invite'] = { key: 'vt1rpretend', role: 'reader' }
    await fireEvent.click(team.getByRole('button', { name: 'Show the read-only key' }))
    await page.settle()
    expect(team.queryByText('vt1wpretend')).toBeNull()
    expect(team.getByText('vt1rpretend')).toBeTruthy()
    expect(sent()).toEqual(['{"role":"member"}', '{"role":"reader"}'])
    await fireEvent.click(team.getByRole('button', { name: 'Hide' }))
    expect(team.queryByText('vt1rpretend')).toBeNull()
  })

  it('let who only watches hand out no more than that', async () => {
    await open({ status: { team: { ...TEAM, role: 'reader' } } })
    await page.go('#/settings')
    expect(screen.queryByRole('button', { name: 'Show the team key' })).toBeNull()
    expect(screen.getByRole('button', { name: 'Show the read-only key' })).toBeTruthy()
  })

  it('show what left, exactly as it did', async () => {
    const event = toolAt(NOW, 'completed', { context: 'kettle.ts' })
    await open()
    page.api.answers.outbox = { events: [event], next: null }
    await page.go('#/settings')
    const outbox = within(screen.getByRole('region', { name: 'Outbox' }))
    const text = outbox.getByText(/"eventType": "tool"/).textContent
    expect(JSON.parse(text)).toEqual(event)
  })

  it('say without a team how to make or join one, and that nothing leaves', async () => {
    await open({ members: [ADA], status: { team: null } })
    await page.go('#/settings')
    const team = within(screen.getByRole('region', { name: 'Team' }))
    expect(team.getByText('npx vibetea create')).toBeTruthy()
    expect(team.getByText('npx vibetea join <team-key>')).toBeTruthy()
    expect(screen.getByRole('region', { name: 'Team' }).textContent).toContain('Nothing leaves this machine.')
  })
})
