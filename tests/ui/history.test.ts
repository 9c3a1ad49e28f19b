import { fireEvent, screen } from '@testing-library/svelte'
import { tick } from 'svelte'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { EventRow, EventsAnswer } from '../../core/api.ts'
import type { Event } from '../../core/events.ts'
import { NO_FILTERS } from '../../ui/lib/filters.ts'
import { HistoryPages } from '../../ui/lib/history.svelte.ts'
import { promptAt, SESSION, toolAt } from '../support/events.ts'
import { FakeBackend } from '../support/fake-backend.ts'
import { TestPage } from './page.ts'
import { NOW, rowOf } from './support.ts'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE

/** Prompts a minute apart, the last at NOW. */
const prompts = (n: number): Event[] =>
  Array.from({ length: n }, (_, i) => promptAt(NOW - (n - 1 - i) * MINUTE, { id: i }))

type Query = Parameters<FakeBackend['events']>[0]

/** Answers as the node does to what an address's parameters ask. */
function answering(events: readonly Event[]) {
  const backend = new FakeBackend({ now: () => NOW, people: [], events })
  return (params: Record<string, unknown>): Promise<EventsAnswer> => {
    const given = Object.entries(params).filter(([, value]) => value !== undefined && value !== '')
    const { limit, from, to, type, ...rest } = Object.fromEntries(
      given.map(([name, value]) => [name, String(value)]),
    )
    const query = {
      ...rest,
      limit: Number(limit ?? 200),
      ...(from !== undefined && { from: Date.parse(from) }),
      ...(to !== undefined && { to: Date.parse(to) }),
      ...(type !== undefined && { type: type.split(',') }),
    } as unknown as Query
    if ((query.from ?? -Infinity) >= (query.to ?? Infinity)) throw new Error('"to" must be after "from"')
    return backend.events(query)
  }
}

/** How many minutes before NOW rows are. */
const minutes = (rows: readonly EventRow[]) =>
  rows.map(({ timestamp }) => (NOW - Date.parse(timestamp)) / MINUTE)
const upTo = (n: number, from = 0) => Array.from({ length: n - from }, (_, i) => i + from)
const settled = async (pages: HistoryPages) => {
  while (pages.load.state === 'loading') await Promise.resolve()
}

describe('the pages of the history', () => {
  it('lead from the newest to the oldest without a gap or a repeat', async () => {
    const pages = new HistoryPages({ get: answering(prompts(1000)) })
    pages.open({ filters: NO_FILTERS, at: null })
    await settled(pages)
    expect(minutes(pages.rows)).toEqual(upTo(300))
    while (pages.hasOlder) await pages.readOlder()
    expect(minutes(pages.rows)).toEqual(upTo(1000))
    expect(pages.hasNewer).toBe(false)
  })

  it('begin at a time, and lead both ways from there', async () => {
    const pages = new HistoryPages({ get: answering(prompts(1000)) })
    pages.open({ filters: NO_FILTERS, at: NOW - 500 * MINUTE })
    await settled(pages)
    expect(minutes([pages.rows[pages.above]!])).toEqual([501])
    while (pages.hasNewer) await pages.readNewer()
    while (pages.hasOlder) await pages.readOlder()
    expect(minutes(pages.rows)).toEqual(upTo(1000))
  })

  it('begin at a time before all that is kept with what follows', async () => {
    const pages = new HistoryPages({ get: answering(prompts(10)) })
    pages.open({ filters: NO_FILTERS, at: NOW - DAY })
    await settled(pages)
    expect([pages.above, pages.hasOlder, minutes(pages.rows)]).toEqual([10, false, upTo(10)])
  })

  it('stay within the time that is filtered, whatever time is gone to', async () => {
    const filters = { ...NO_FILTERS, from: NOW - 20 * MINUTE, to: NOW - 10 * MINUTE }
    for (const at of [null, NOW, NOW - DAY, filters.from, filters.to, NOW - 15 * MINUTE]) {
      const pages = new HistoryPages({ get: answering(prompts(100)) })
      pages.open({ filters, at })
      await settled(pages)
      expect(pages.load.state).toBe('ready')
      expect(minutes(pages.rows)).toEqual(upTo(21, 11))
    }
  })

  it('hold so many rows at most, and read again those that they let go of', async () => {
    const [capacity, size] = [800, 1500]
    const pages = new HistoryPages({ get: answering(prompts(size)), capacity })
    pages.open({ filters: NO_FILTERS, at: null })
    await settled(pages)
    while (pages.hasOlder) await pages.readOlder()
    expect(pages.rows).toHaveLength(capacity)
    expect(minutes(pages.rows)).toEqual(upTo(size, 700))
    while (pages.hasNewer) await pages.readNewer()
    expect(minutes(pages.rows)).toEqual(upTo(capacity))
  })

  it('take no answer to an earlier question for that to a later one', async () => {
    const answers: (() => void)[] = []
    const get = answering([...prompts(3), toolAt(NOW + MINUTE, 'failed', { id: 9 })])
    const pages = new HistoryPages({
      get: async (params) => {
        const answer = await get(params)
        await new Promise<void>((resolve) => answers.push(resolve))
        return answer
      },
    })
    pages.open({ filters: NO_FILTERS, at: null })
    pages.open({ filters: { ...NO_FILTERS, type: ['tool'] }, at: null })
    while (answers.length < 2) await Promise.resolve()
    answers[1]!()
    await settled(pages)
    answers[0]!()
    for (let i = 0; i < 10; i++) await Promise.resolve()
    expect(pages.rows.map(({ eventType }) => eventType)).toEqual(['tool'])
  })

  it('say why more did not come, and go on once it does', async () => {
    const get = answering(prompts(400))
    let isAway = false
    const pages = new HistoryPages({
      get: (params) => (isAway ? Promise.reject(new Error('The node does not answer.')) : get(params)),
    })
    pages.open({ filters: NO_FILTERS, at: null })
    await settled(pages)
    isAway = true
    await pages.readOlder()
    expect([pages.problem, pages.rows.length]).toEqual(['The node does not answer.', 300])
    isAway = false
    pages.retry()
    await pages.readOlder()
    expect([pages.problem, pages.rows.length]).toEqual(['', 400])
  })
})

describe('the history', () => {
  let page: TestPage
  let asked: Record<string, string>[]
  beforeEach(() => {
    page = new TestPage()
    asked = []
  })
  afterEach(() => page.close())

  async function open(events: readonly Event[], hash = '#/history'): Promise<void> {
    const get = answering(events)
    const fetch = page.api.fetch
    Object.assign(page.api, {
      fetch: async (input: string, init?: RequestInit) => {
        const { pathname, searchParams } = new URL(input, 'http://127.0.0.1')
        const answer = await fetch(input, init)
        if (pathname !== '/api/events' || page.api.isAway) return answer
        const params = Object.fromEntries(searchParams)
        asked.push(params)
        return Response.json(await get(params))
      },
    })
    await page.open()
    await page.go(hash)
  }
  const feed = () => screen.getByRole('feed', { name: 'History' })
  const texts = () => screen.queryAllByRole('article').map(({ textContent }) => textContent)
  const press = async (key: string) => {
    await fireEvent.keyDown(document.activeElement ?? document.body, { key })
    await page.settle()
  }

  it('shows everything by the time when it happened, each row by itself, below its day', async () => {
    const burst = [3, 2, 1].map((n) => toolAt(NOW - n * 1000, 'completed', { id: n }))
    await open([promptAt(NOW - DAY, { id: 9 }), ...burst])
    expect(texts()).toHaveLength(4)
    expect([...document.querySelectorAll('.day')].map(({ textContent }) => textContent)).toEqual([
      expect.stringContaining('Friday'),
      expect.stringContaining('Thursday'),
    ])
    expect(screen.getByText(/Nothing kept before .*19.* \(1 day\)\./s)).toBeTruthy()
  })

  it('finds while one types, and keeps it in the address', async () => {
    await open([
      toolAt(NOW - 1, 'started', { id: 1, context: 'invite.ts' }),
      toolAt(NOW, 'started', { id: 2 }),
    ])
    const input = screen.getByRole<HTMLInputElement>('searchbox', { name: 'Search the history' })
    for (const value of ['in', 'inv']) await fireEvent.input(input, { target: { value } })
    await page.settle()
    expect(location.hash).toBe('#/history?q=inv')
    expect(asked.filter(({ q }) => q).map(({ q }) => q)).toEqual(['inv'])
    expect(texts()).toEqual([expect.stringContaining('invite.ts')])
    await fireEvent.input(input, { target: { value: 'nowhere' } })
    await page.settle()
    expect(screen.getByText('Nothing found for “nowhere”.')).toBeTruthy()
    await press('x')
    expect([location.hash, input.value, texts().length]).toEqual(['#/history', '', 2])
  })

  it('is filtered where it is, and each filter can be taken away', async () => {
    await open(
      [promptAt(NOW - 1, { id: 1 }), toolAt(NOW, 'failed', { id: 2 })],
      `#/history?session=${SESSION}&type=tool`,
    )
    expect(texts()).toHaveLength(1)
    await fireEvent.click(screen.getByRole('button', { name: 'Remove the filter type' }))
    await page.settle()
    expect([location.hash, texts().length]).toEqual([`#/history?session=${SESSION}`, 2])
    await fireEvent.click(screen.getByRole('button', { name: 'filter' }))
    await fireEvent.click(screen.getByRole('checkbox', { name: 'activity', hidden: true }))
    await page.settle()
    expect(texts()).toHaveLength(1)
  })

  it('opens the time that a link says, and shows what was before and after it when asked', async () => {
    const [from, to] = [NOW - 30 * MINUTE, NOW - 20 * MINUTE].map((ms) => new Date(ms).toISOString())
    await open(prompts(60), `#/history?from=${from}&to=${to}`)
    expect(feed().querySelector('article')!.getAttribute('aria-setsize')).toBe('11')
    await fireEvent.click(screen.getByRole('button', { name: 'Show what came before' }))
    await page.settle()
    expect(location.hash).toBe(`#/history?to=${to}&at=${from}`)
    await fireEvent.click(screen.getByRole('button', { name: 'Show what came later' }))
    await page.settle()
    expect(location.hash).toBe(`#/history?at=${to}`)
  })

  it('goes to a day, to the days beside it, an hour back and forward, and to the newest', async () => {
    const days = [0, 1, 2, 3, 4].flatMap((day) =>
      Array.from({ length: 40 }, (_, i) => promptAt(NOW - day * DAY - i * MINUTE, { id: day * 100 + i })),
    )
    await open(days)
    const field = screen.getByLabelText<HTMLInputElement>('Day')
    expect(field.value).toBe('2026-11-20')
    await fireEvent.change(field, { target: { value: '2026-11-18' } })
    await page.settle()
    expect(field.value).toBe('2026-11-18')
    await fireEvent.click(screen.getByRole('button', { name: 'The day before' }))
    await page.settle()
    expect(field.value).toBe('2026-11-17')
    await fireEvent.click(screen.getByRole('button', { name: 'The day after' }))
    await page.settle()
    expect(field.value).toBe('2026-11-18')
    await press('[')
    expect(location.hash).toContain('at=2026-11-17T')
    await press('.')
    expect([location.hash, field.value]).toEqual(['#/history', '2026-11-20'])
    expect(screen.getByRole<HTMLButtonElement>('button', { name: 'The day after' }).disabled).toBe(true)
  })

  it('does not move under a reader, and says how much is new', async () => {
    await open(prompts(5))
    const before = texts()
    await page.come(rowOf(promptAt(NOW + 1, { id: 50 }), 50), rowOf(promptAt(NOW + 2, { id: 51 }), 51))
    expect(texts()).toEqual(before)
    expect(screen.getByRole('button', { name: /^Newest/ }).textContent).toMatch(/2 new/)
    await fireEvent.click(screen.getByRole('button', { name: /^Newest\s*2 new$/ }))
    await page.settle()
    expect(screen.getByRole('button', { name: 'Newest' })).toBeTruthy()
  })

  it('is walked through with j and k, past the names of days, and left for a session', async () => {
    await open([promptAt(NOW - DAY, { id: 1 }), promptAt(NOW, { id: 2 })])
    await press('j')
    await press('j')
    expect(document.activeElement!.getAttribute('aria-posinset')).toBe('4')
    await press('k')
    expect(document.activeElement!.getAttribute('aria-posinset')).toBe('2')
    await press('Enter')
    expect(location.hash).toBe(`#/session/${SESSION}`)
  })

  it('says that it cannot be read, tries again, and is read by itself once the node is back', async () => {
    await open(prompts(3), '#/live')
    page.api.isAway = true
    page.socket.break()
    await page.go('#/history')
    expect(screen.getByText('Unable to load the history.')).toBeTruthy()
    page.api.isAway = false
    await fireEvent.click(
      screen.getByText('Unable to load the history.').closest('.state')!.querySelector('button')!,
    )
    await page.settle()
    expect(texts()).toHaveLength(3)
    await tick()
  })
})
