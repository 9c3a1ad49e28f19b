import { fireEvent, screen, within } from '@testing-library/svelte'
import { tick } from 'svelte'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Meeting, TimelineSession } from '../../core/api.ts'
import { handleOf } from '../../core/handle.ts'
import { prompt, TestPage } from './page.ts'
import { memberRow, NOW, overlap, peerStatus, sessionRow, STATUS } from './support.ts'

const MINUTE = 60_000
const ADA = 'laptop-ybndrf'
const BRUNO = 'desk-cpqxot'
const iso = (minutes: number) => new Date(NOW + minutes * MINUTE).toISOString()

/** A session with an event in each of some minutes from now, told in steps of five. */
function went(id: string, from: number, to: number, change: Partial<TimelineSession> = {}): TimelineSession {
  const counts = Array.from({ length: (to - from) / 5 }, () => 3)
  const sessionId = `3b241101-e2bb-4255-8caf-${id.padStart(12, '0')}`
  return {
    ...sessionRow({ sessionId, state: 'ended', startedAt: iso(from), lastEventAt: iso(to) }),
    density: { from: iso(from), stepMs: 5 * MINUTE, counts },
    errors: [],
    ...change,
  }
}

let page: TestPage
beforeEach(() => {
  page = new TestPage()
})
afterEach(() => page.close())

const team = [
  memberRow({ source: ADA, name: 'Ada Okafor', isSelf: true }),
  memberRow({ device: 'b', source: BRUNO, name: 'Bruno Lima' }),
  memberRow({ device: 'c', source: 'box-jkmcpq', name: 'Archive', role: 'reader' }),
  memberRow({
    device: 'd',
    source: 'air-wiszah',
    name: 'Emi Tanaka',
    presence: 'offline',
    lastSessionAt: iso(-600),
  }),
]

async function open(sessions: TimelineSession[], hash = '#/timeline?zone=utc'): Promise<void> {
  page.api.answers.timeline = { sessions, more: 0, gaps: [] }
  await page.open([prompt(1)])
  await page.go(hash)
}

const bars = () => screen.queryAllByRole('link').filter((link) => link.dataset.key)
const bar = (name: RegExp) => screen.getByRole('link', { name })
const lanes = () => screen.getAllByRole('heading', { level: 2 }).map(({ textContent }) => textContent)
const asked = () => page.api.asked.filter(({ path }) => path === 'timeline').map(({ params }) => params)

describe('the timeline of a team', () => {
  beforeEach(() => {
    page.api.answers.members = { members: team }
  })

  it('has a lane for each person by name, whoever did nothing included, and says in words what a bar shows', async () => {
    await open([
      went('1', -90, -60, { source: BRUNO, project: 'web-app', errors: [iso(-70), iso(-62)] }),
      went('2', -200, -150, { project: 'infra', assistant: 'codex' }),
    ])
    expect(lanes()).toEqual(['Ada Okafor', 'Bruno Lima', 'Emi Tanaka'])
    const handle = handleOf(went('1', -90, -60).sessionId)
    expect(
      bar(
        new RegExp(
          `^web-app, Claude Code, ${handle}, Bruno Lima; 06:30–07:00; ended; 18 events; 2 errors: 06:50, 06:58$`,
        ),
      ),
    ).toBeTruthy()
    expect(bar(/^infra, Codex, .*, Ada Okafor; 04:40–05:30; ended; 30 events$/)).toBeTruthy()
    expect(screen.getByText('last session 10 h ago')).toBeTruthy()
  })

  it('has a lane for somebody new, of whom neither a name nor an event has come', async () => {
    const names = ['unknown-8ejkmc', 'unknown-pqxot1']
    const strangers = names.map((source, i) => memberRow({ device: `e${i}`, source, name: source }))
    page.api.answers.members = { members: [...team, strangers[0]!] }
    await open([went('1', -90, -60)])
    expect(lanes()).toEqual(['Ada Okafor', 'Bruno Lima', 'Emi Tanaka', 'Somebody new'])
    page.socket.say({ type: 'presence', members: [...team, ...strangers] })
    await page.settle(4)
    expect(lanes().slice(3)).toEqual(['Somebody new (8ejkmc)', 'Somebody new (pqxot1)'])
  })

  it('hides lanes in which nothing was, where that is wanted', async () => {
    await open([went('1', -90, -60)])
    await fireEvent.click(screen.getByRole('button', { name: 'Hide empty lanes' }))
    await page.settle()
    expect(lanes()).toEqual(['Ada Okafor'])
    expect(location.hash).toBe('#/timeline?zone=utc&lanes=busy')
  })

  it('is walked through with the keyboard from one stop, and each bar is a link to its session', async () => {
    await open([
      went('1', -200, -150),
      went('2', -100, -60),
      went('3', -190, -150),
      went('4', -95, -60, { source: BRUNO, project: 'infra' }),
    ])
    expect(bars().filter(({ tabIndex }) => tabIndex === 0)).toHaveLength(1)
    bars()[0]!.focus()
    const press = async (key: string) => {
      await fireEvent.keyDown(document.activeElement!, { key })
      await tick()
      return document.activeElement!.getAttribute('href')!.slice(-1)
    }
    expect(await press('ArrowRight')).toBe('3')
    expect(await press('ArrowRight')).toBe('2')
    expect(await press('ArrowDown')).toBe('3')
    expect(await press('ArrowDown')).toBe('4')
    expect((document.activeElement as HTMLElement).tabIndex).toBe(0)
    expect(bars().filter(({ tabIndex }) => tabIndex === 0)).toHaveLength(1)
    expect(screen.getByText('infra').closest('.details')).toBeTruthy()
  })

  it('marks two people in one file at both bars, with its name', async () => {
    const here = went('1', -90, -60)
    const there = went('2', -80, -50, { source: BRUNO })
    const sessions = [here, there].map(({ sessionId, source, handle }, i) => {
      return { sessionId, source, handle, lastAt: iso(-66 - i), isSelf: source === ADA }
    })
    const met: Meeting = { ...overlap({ context: 'invite.ts' }), sessions, from: iso(-72), to: iso(-66) }
    page.api.answers.overlaps = { overlaps: [met] }
    await open([here, there])
    expect(bar(/Ada Okafor; .*; same file: invite.ts with Bruno Lima$/)).toBeTruthy()
    expect(bar(/Bruno Lima; .*; same file: invite.ts with Ada Okafor$/)).toBeTruthy()
    expect(document.querySelectorAll('.met')).toHaveLength(2)
  })

  it('shows as a table what it shows as lanes', async () => {
    await open([
      went('1', -90, -60, { source: BRUNO, errors: [iso(-70)] }),
      went('2', -200, -150, { project: 'infra' }),
    ])
    await fireEvent.click(screen.getByRole('button', { name: 'View as table' }))
    await page.settle()
    const rows = within(screen.getByRole('table', { name: /^Sessions, / })).getAllByRole('row')
    expect(rows).toHaveLength(3)
    expect(rows[1]!.textContent).toMatch(/Ada Okafor.*infra.*Claude Code.*04:40–05:30.*ended.*30/s)
    expect(rows[2]!.textContent).toMatch(/Bruno Lima.*06:30–07:00.*1 error: 06:50/s)
    expect(screen.getByRole('button', { name: 'View as lanes' })).toBeTruthy()
  })

  it('tells what is not known from what did not happen', async () => {
    page.api.answers.status = {
      ...STATUS,
      peers: [
        peerStatus({
          device: 'd',
          source: 'air-wiszah',
          name: 'Emi Tanaka',
          connection: 'offline',
          lastSeen: iso(-60),
        }),
      ],
    }
    await open([went('1', -90, -60)])
    expect(screen.getByText(/^Not known from 07:00 to 08:00: Emi Tanaka is not connected/)).toBeTruthy()
  })

  it('shows names as text, no longer than a line, whatever is in them', async () => {
    const project = `<img src=x onerror=alert(1)>${'x'.repeat(10_000)}`
    await open([went('1', -90, -60, { project, source: BRUNO })])
    expect(document.querySelector('main img')).toBeNull()
    const words = bars()[0]!.getAttribute('aria-label')!
    expect(words).toContain('<img src=x')
    expect(words.length).toBeLessThan(250)
  })
})

describe('the time that is shown', () => {
  it('is the last four hours, and what the node is asked for', async () => {
    await open([went('1', -90, -60)])
    const { from, to, step } = Object.fromEntries(asked().at(-1)!) as Record<string, string>
    expect(step).toBe('300')
    expect(Number(from)).toBeLessThan(NOW - 4 * 60 * MINUTE)
    expect(Number(to)).toBeGreaterThan(NOW)
    expect(screen.getByText('now 08:00')).toBeTruthy()
  })

  it('goes an hour back and forward with [ and ], and back to now', async () => {
    await open([went('1', -270, -250)])
    expect(bars()).toHaveLength(0)
    await fireEvent.keyDown(document.body, { key: '[' })
    await page.settle()
    expect(location.hash).toBe('#/timeline?to=2026-11-20T07:00:00.000Z&zone=utc')
    expect(bars()).toHaveLength(1)
    expect(screen.getByText('03:00–07:00')).toBeTruthy()
    await fireEvent.keyDown(document.body, { key: '[' })
    await fireEvent.keyDown(document.body, { key: ']' })
    await fireEvent.keyDown(document.body, { key: ']' })
    await page.settle()
    expect(location.hash).toBe('#/timeline?zone=utc')
    await fireEvent.click(screen.getByRole('button', { name: 'An hour back' }))
    await fireEvent.click(screen.getByRole('button', { name: 'Now' }))
    expect(location.hash).toBe('#/timeline?zone=utc')
  })

  it('is as long as is chosen, which a link keeps', async () => {
    await open([went('1', -620, -600)])
    await fireEvent.click(screen.getByRole('button', { name: '12 h' }))
    await page.settle()
    expect(location.hash).toBe('#/timeline?hours=12&zone=utc')
    expect(bars()).toHaveLength(1)
    expect(asked().at(-1)!.get('step')).toBe('300')
    await fireEvent.click(screen.getByRole('button', { name: '1 h' }))
    await page.settle()
    expect(asked().at(-1)!.get('step')).toBe('60')
  })

  it('has its sessions soon after something comes, and they go on with the clock', async () => {
    await open([])
    const before = asked().length
    const active = went('1', -10, -5, {
      state: 'active',
      lastEventAt: new Date(NOW - 4.9 * MINUTE).toISOString(),
    })
    page.api.answers.timeline = { sessions: [active], more: 0, gaps: [] }
    await page.come(prompt(2))
    await page.settle(2)
    expect(asked().length).toBe(before + 1)
    expect(bar(/07:50–now; active/)).toBeTruthy()
    await page.settle(7)
    expect(bar(/07:50–07:55; idle for 5 min/)).toBeTruthy()
  })

  it('shows who has waited for an answer since before it', async () => {
    const asking = sessionRow({
      state: 'waiting',
      needs: 'answer',
      needsSince: iso(-400),
      lastEventAt: iso(-400),
    })
    page.api.answers.sessions = { sessions: [asking] }
    await open([])
    expect(bar(/needs an answer for 6 h 40 min/)).toBeTruthy()
  })
})

describe('where one person is', () => {
  it('lanes are projects, and bars are told by their handles', async () => {
    await open([went('1', -90, -60, { project: 'web-app' }), went('2', -200, -150, { project: 'infra' })])
    expect(lanes()).toEqual(['infra', 'web-app'])
  })
})

describe('a timeline with nothing to show', () => {
  it('says so, and offers a longer time', async () => {
    await open([])
    expect(screen.getByText('Nothing brewing, 04:00–08:00.')).toBeTruthy()
    await fireEvent.click(screen.getByRole('button', { name: 'Show 24 hours' }))
    expect(location.hash).toBe('#/timeline?hours=24&zone=utc')
  })

  it('says where sessions are left out, for there are too many', async () => {
    page.api.answers.timeline = { sessions: [went('1', -90, -60)], more: 9999, gaps: [] }
    await page.open([prompt(1)])
    await page.go('#/timeline')
    expect(
      screen.getByText(/These are the 1 session that went on last; 9,999 more in this time are not shown/),
    ).toBeTruthy()
  })

  it('has its bars where only those who met in a file cannot be read, and says that of the marks alone', async () => {
    const refused = { error: 'internal_error', message: 'The disk is full.' }
    page.api.instead.overlaps = () => Promise.resolve(Response.json(refused, { status: 500 }))
    await open([went('1', -90, -60)])
    expect(bars()).toHaveLength(1)
    const alert = screen.getByRole('alert')
    expect(alert.textContent).toContain('Unable to load the marks of who met in a file. The disk is full.')
    delete page.api.instead.overlaps
    await fireEvent.click(within(alert).getByRole('button', { name: 'Retry' }))
    await page.settle()
    expect(screen.queryByRole('alert')).toBeNull()
  })

  it('that cannot be read says why, and tries again when asked to', async () => {
    page.api.answers.timeline = 'no rows'
    await page.open([prompt(1)])
    await page.go('#/timeline')
    expect(screen.getByRole('alert').textContent).toContain('Unable to load the timeline')
    page.api.answers.timeline = { sessions: [went('1', -90, -60)], more: 0, gaps: [] }
    await fireEvent.click(screen.getByRole('button', { name: 'Retry' }))
    await page.settle()
    expect(bars()).toHaveLength(1)
  })
})
