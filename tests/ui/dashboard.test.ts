import { cleanup, fireEvent, render, screen } from '@testing-library/svelte'
import { tick } from 'svelte'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { EventRow } from '../../core/api.ts'
import { handleOf } from '../../core/handle.ts'
import { App } from '../../ui/lib/app.svelte.ts'
import Root from '../../ui/Root.svelte'
import { promptAt, SESSION, toolAt } from '../support/events.ts'
import { FakeApi, FakeSocket, NOW, rowOf, sessionRow, STATUS } from './support.ts'

let api: FakeApi
let stop: () => void = () => undefined

beforeEach(() => {
  vi.useFakeTimers({
    now: NOW,
    toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'],
  })
  vi.stubGlobal('WebSocket', FakeSocket)
  FakeSocket.opened.length = 0
  localStorage.clear()
  localStorage.setItem('vibetea.token', 'secret')
  location.hash = ''
  api = new FakeApi()
})
afterEach(() => {
  cleanup()
  stop()
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

const socket = () => FakeSocket.opened.at(-1)!
const prompt = (n: number): EventRow => rowOf(promptAt(NOW + n, { id: n }), n)
const settle = async () => {
  await vi.advanceTimersByTimeAsync(1100)
  await tick()
}

/** The page, connected, with some rows of the past. */
async function open(rows: EventRow[] = []): Promise<App> {
  api.answers.events = { events: [...rows].reverse(), next: null, prev: null }
  const app = new App(window, api.fetch)
  stop = app.start()
  render(Root, { app })
  await vi.advanceTimersByTimeAsync(0)
  socket().hello(`c.${rows.length}`)
  await settle()
  return app
}

async function come(...rows: EventRow[]): Promise<void> {
  socket().say({ type: 'events', events: rows, head: rows.at(-1)!.cursor })
  await settle()
}

async function go(hash: string): Promise<void> {
  history.replaceState(null, '', hash)
  window.dispatchEvent(new Event('hashchange'))
  await settle()
}

const articles = () => screen.getAllByRole('article')

describe('the live feed', () => {
  it('shows what happened, newest first, and what happens', async () => {
    await open([prompt(1)])
    await come(rowOf(toolAt(NOW + 5, 'failed', { id: 5, tool: 'Edit', context: 'kettle.ts' }), 5))
    expect(articles()[0]!.textContent).toMatch(/Edit.*kettle\.ts.*failed/s)
    expect(articles()).toHaveLength(2)
    expect(articles()[0]!.getAttribute('aria-posinset')).toBe('1')
    expect(articles()[0]!.getAttribute('aria-setsize')).toBe('2')
  })

  it('holds still under a reader who has scrolled, and says how much is new', async () => {
    await open(Array.from({ length: 50 }, (_, n) => prompt(n)))
    const feed = screen.getByRole('feed')
    feed.scrollTop = 300
    await fireEvent.scroll(feed)
    const before = articles().map((article) => article.dataset.index)
    await come(prompt(100), prompt(101))
    expect(articles().map((article) => article.dataset.index)).toEqual(before)
    await fireEvent.click(screen.getByRole('button', { name: '2 new' }))
    feed.scrollTop = 0
    await fireEvent.scroll(feed)
    expect(screen.queryByRole('button', { name: '2 new' })).toBeNull()
    expect(articles()[0]!.getAttribute('aria-posinset')).toBe('1')
    expect(articles()[0]!.getAttribute('aria-setsize')).toBe('52')
  })

  it('is paused and followed again with the space bar', async () => {
    await open([prompt(1)])
    await fireEvent.keyDown(document.body, { key: ' ' })
    expect(screen.getByRole('button', { name: /Paused/ })).toBeTruthy()
    await come(prompt(2))
    expect(articles()).toHaveLength(1)
    await fireEvent.keyDown(document.body, { key: ' ' })
    expect(articles()).toHaveLength(2)
  })

  it('is walked through with j and k, and left for the event’s session with Enter', async () => {
    await open([prompt(1), prompt(2), prompt(3)])
    const press = async (key: string) => {
      await fireEvent.keyDown(document.activeElement ?? document.body, { key })
      await tick()
    }
    await press('j')
    await press('j')
    expect(document.activeElement?.getAttribute('aria-posinset')).toBe('2')
    await press('k')
    expect(document.activeElement?.getAttribute('aria-posinset')).toBe('1')
    await press('Enter')
    expect(location.hash).toBe(`#/session/${SESSION}`)
    expect(await screen.findByRole('heading', { name: handleOf(SESSION) })).toBeTruthy()
  })

  it('leaves keys alone that are typed into the search', async () => {
    await open([prompt(1)])
    await fireEvent.keyDown(screen.getByRole('searchbox'), { key: ' ' })
    expect(screen.getByRole('button', { name: /Following/ })).toBeTruthy()
  })

  it('shows names of others as text, whatever is in them', async () => {
    const hostile = '<img src=x onerror=alert(1)>'
    const row = rowOf(
      toolAt(NOW, 'started', { id: 1, tool: hostile, context: '"><script>x</script>', project: hostile }),
    )
    api.answers.members = {
      members: [
        {
          device: 'a',
          source: row.source,
          name: hostile,
          role: 'member',
          presence: 'active',
          lastSeen: null,
          isSelf: true,
        },
        {
          device: 'b',
          source: 'b-ybndrf',
          name: 'B',
          role: 'member',
          presence: 'active',
          lastSeen: null,
          isSelf: false,
        },
      ],
    }
    api.answers.sessions = { sessions: [sessionRow({ handle: hostile, project: hostile })] }
    await open([row])
    expect(document.querySelector('article img, article script, aside img, aside script')).toBeNull()
    expect(articles()[0]!.textContent).toContain(hostile)
    expect(articles()[0]!.textContent).toContain('"><script>')
  })

  it('says which filters leave nothing, and clears them with x', async () => {
    await open([prompt(1)])
    api.answers.events = { events: [], next: null, prev: null }
    await go('#/live?type=error')
    expect(screen.getByText('Nothing matches these filters.')).toBeTruthy()
    expect(screen.getByText('type: error')).toBeTruthy()
    await fireEvent.keyDown(document.body, { key: 'x' })
    await settle()
    expect(articles()).toHaveLength(1)
  })

  it('greets who has no session yet', async () => {
    await open()
    expect(screen.getByText('Kettle’s on.')).toBeTruthy()
    expect(screen.getByText('Nothing brewing.')).toBeTruthy()
  })
})

describe('the page', () => {
  it('counts in its title who waits for an answer', async () => {
    const since = new Date(NOW - 840_000).toISOString()
    const asks = { state: 'waiting', needs: 'answer', needsSince: since } as const
    api.answers.sessions = { sessions: [sessionRow(asks), sessionRow({ ...asks, sessionId: 'b' })] }
    await open()
    expect(document.title).toBe('(2) VibeTea')
    expect(screen.getAllByText('needs an answer · 14 min')).toHaveLength(2)
    socket().say({ type: 'sessions', sessions: [sessionRow()] })
    await settle()
    expect(document.title).toBe('(1) VibeTea')
  })

  it('stays readable while the node is away, says so, and goes on without loss or repeat', async () => {
    await open([prompt(1)])
    api.isAway = true
    socket().break()
    await settle()
    expect(screen.getByRole('alert').textContent).toMatch(/does not answer.*as of/s)
    expect(screen.getByText('npx vibetea status')).toBeTruthy()
    expect(articles()).toHaveLength(1)
    api.isAway = false
    await fireEvent.click(screen.getByRole('button', { name: 'Retry' }))
    expect(socket().url).toMatch(/\?after=c\.1$/)
    socket().hello('c.1', true)
    await come(prompt(1), prompt(2), prompt(3))
    expect(screen.queryByRole('alert')).toBeNull()
    expect(articles()).toHaveLength(3)
  })

  it('reads anew after a gap', async () => {
    await open([prompt(1)])
    api.answers.events = { events: [prompt(9001), prompt(9000)], next: null, prev: null }
    socket().say({ type: 'gap', head: 'c.9001', reason: 'lagging' })
    await settle()
    expect(articles().map((article) => article.getAttribute('aria-posinset'))).toEqual(['1', '2'])
  })

  it('is locked when the node does not know its token, and unlocks with a new one', async () => {
    await open([prompt(1)])
    api.isLocked = true
    socket().break()
    await settle()
    expect(screen.getByText('npx vibetea open')).toBeTruthy()
    expect(screen.queryByRole('feed')).toBeNull()
    api.isLocked = false
    localStorage.setItem('vibetea.token', 'newer')
    window.dispatchEvent(Object.assign(new Event('storage'), { key: 'vibetea.token', newValue: 'newer' }))
    await tick()
    expect(socket().protocols).toContain('bearer.newer')
    expect(articles()).toHaveLength(1)
  })

  it('swaps the code in its address for a token, and strips it', async () => {
    localStorage.clear()
    location.hash = '#code=abc_-1'
    await open()
    expect(location.href).not.toContain('code')
    expect(localStorage.getItem('vibetea.token')).toBe('page-token')
    expect(socket().protocols).toContain('bearer.page-token')
  })

  it('shows how far the reading of earlier sessions is', async () => {
    const claude = { assistant: 'claude', directories: ['/x'], files: 40, watching: 'events', problems: [] }
    api.answers.status = { ...STATUS, sources: [{ ...claude, backfill: { done: 12, total: 40 } }] }
    await open()
    expect(screen.getByText('12 of 40')).toBeTruthy()
    expect(screen.getByRole('progressbar').getAttribute('value')).toBe('12')
  })
})

describe('the heat map', () => {
  const answer = {
    aggregates: [{ source: 'laptop-ybndrf', date: '2026-11-20', hour: 7, eventCount: 82 }],
    gaps: [
      { source: 'laptop-ybndrf', from: '2026-11-19T03:00:00Z', to: '2026-11-19T04:00:00Z', reason: 'paused' },
    ],
    meta: { totalCount: 82, daysRequested: 30, fetchedAt: new Date(NOW).toISOString(), timeZone: 'UTC' },
  }
  const cell = (name: string) => screen.getByRole('gridcell', { name })

  it('is walked through with the keyboard, and Enter shows the events of the hour', async () => {
    api.answers.heatmap = answer
    await open([prompt(1)])
    await go('#/heat?zone=utc')
    cell('20 Fri, 08:00–09:00: 0 events').focus()
    const press = async (key: string, ctrlKey = false) => {
      await fireEvent.keyDown(document.activeElement!, { key, ctrlKey })
      await tick()
    }
    await press('ArrowLeft')
    expect(document.activeElement).toBe(cell('20 Fri, 07:00–08:00: 82 events'))
    await press('ArrowUp')
    await press('Home')
    expect(document.activeElement).toBe(cell('19 Thu, 00:00–01:00: 0 events'))
    await press('End', true)
    expect(document.activeElement).toBe(cell('20 Fri, 23:00–00:00: still to come'))
    await press('Enter')
    expect(location.hash).toContain('#/heat')
    await fireEvent.click(cell('20 Fri, 07:00–08:00: 82 events'))
    expect(location.hash).toBe('#/live?from=2026-11-20T07:00:00.000Z&to=2026-11-20T08:00:00.000Z')
  })

  it('tells what is not known from what did not happen', async () => {
    api.answers.heatmap = answer
    await open([prompt(1)])
    await go('#/heat?zone=utc')
    expect(cell('19 Thu, 03:00–04:00: recording was paused')).toBeTruthy()
    expect(screen.getByText(/Hatched: not known/)).toBeTruthy()
  })

  it('keeps what is chosen in the address', async () => {
    api.answers.heatmap = answer
    await open([prompt(1)])
    await go('#/heat')
    await fireEvent.click(screen.getByRole('button', { name: '30 days' }))
    await fireEvent.click(screen.getByRole('button', { name: 'View as table' }))
    await settle()
    expect(location.hash).toBe('#/heat?days=30&view=table')
    expect(screen.getAllByRole('rowheader')).toHaveLength(30)
    expect(screen.getByRole('button', { name: 'View as colours' })).toBeTruthy()
  })
})

describe('the settings', () => {
  it('ask the node to share a project, and show what it then says', async () => {
    const projects = [{ project: 'web-app', sharing: 'private' }]
    api.answers.status = { ...STATUS, projects }
    api.answers.outbox = { events: [] }
    api.answers['actions/share'] = {}
    await open([prompt(1)])
    await go('#/settings')
    api.answers.status = { ...STATUS, projects: [{ project: 'web-app', sharing: 'shared' }] }
    await fireEvent.click(screen.getByRole('button', { name: 'Shared' }))
    await settle()
    expect(
      api.asked.some(({ path, body }) => path === 'actions/share' && body === '{"project":"web-app"}'),
    ).toBe(true)
    expect(screen.getByRole('button', { name: 'Shared' }).getAttribute('aria-pressed')).toBe('true')
    expect(screen.getByText('Nothing has left this machine.')).toBeTruthy()
  })

  it('say that recording is paused, and resume it', async () => {
    api.answers.status = { ...STATUS, node: { ...STATUS.node, pausedUntil: 'resume' } }
    api.answers.outbox = { events: [] }
    api.answers['actions/resume'] = {}
    await open([prompt(1)])
    await go('#/settings')
    expect(screen.getByText('Paused until you resume')).toBeTruthy()
    api.answers.status = STATUS
    await fireEvent.click(screen.getByRole('button', { name: 'Resume' }))
    await settle()
    expect(screen.getByText('VibeTea records your sessions as they happen.')).toBeTruthy()
  })

  it('switch single keys off', async () => {
    api.answers.outbox = { events: [] }
    await open([prompt(1)])
    await go('#/settings')
    await fireEvent.click(screen.getByRole('checkbox', { name: 'Single-key shortcuts' }))
    await go('#/live')
    await fireEvent.keyDown(document.body, { key: ' ' })
    expect(screen.getByRole('button', { name: /Following/ })).toBeTruthy()
  })
})

describe('a session’s page', () => {
  it('counts its tools, each call once, with its failures', async () => {
    const call = (n: number, tool: string, status: 'started' | 'completed' | 'failed') => {
      const row = rowOf(toolAt(NOW + n, status, { id: n, tool }), n)
      if (row.eventType === 'tool') row.payload.callId = tool
      return row
    }
    await open([
      prompt(0),
      call(1, 'Edit', 'started'),
      call(2, 'Edit', 'completed'),
      call(3, 'Bash', 'started'),
      call(4, 'Bash', 'failed'),
    ])
    await go(`#/session/${SESSION}`)
    expect(screen.getByText('2, 1 failure')).toBeTruthy()
    expect(screen.getByRole('row', { name: /Bash.*1.*▲ 1/s })).toBeTruthy()
    expect(
      screen.getByRole('feed', { name: 'Events of this session' }).querySelectorAll('article'),
    ).toHaveLength(5)
  })
})
