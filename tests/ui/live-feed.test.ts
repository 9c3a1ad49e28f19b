import { cleanup, fireEvent, screen } from '@testing-library/svelte'
import { tick } from 'svelte'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { EventRow } from '../../core/api.ts'
import type { Event } from '../../core/events.ts'
import { handleOf } from '../../core/handle.ts'
import { promptAt, SESSION, SOURCE, toolAt, waitingAt } from '../support/events.ts'
import { articles, prompt, TestPage } from './page.ts'
import { memberRow, NOW, rowOf } from './support.ts'

const HOUR = 3_600_000
const MINUTE = 60_000

let page: TestPage
beforeEach(() => {
  page = new TestPage()
})
afterEach(() => page.close())

const press = async (key: string, target: Element = document.body) => {
  await fireEvent.keyDown(target, { key })
  await page.settle()
}
const edit = (id: number, at = NOW + id): EventRow => {
  const row = rowOf(toolAt(at, 'completed', { id, context: `file${id}.ts` }), id)
  Object.assign(row.payload, { callId: String(id).padStart(12, 'y') })
  return row
}
const texts = () => articles().map(({ textContent }) => textContent.replaceAll(/\s+/g, ' ').trim())

describe('a line of the live feed', () => {
  it('stands for a burst, says how many it is, and leads to each of them', async () => {
    await page.open([edit(1), prompt(2)])
    await page.come(edit(3), edit(4))
    expect(texts()).toEqual([
      expect.stringContaining('prompt'),
      expect.stringMatching(/Edit file4.ts, file3.ts and 1 more · completed.*×3 3 times/),
    ])
    await press('j')
    await press('j')
    await press('Enter', document.activeElement!)
    expect(location.hash).toMatch(
      new RegExp(`^#/history\\?type=tool&source=${SOURCE}&session=${SESSION}&from=`),
    )
  })

  it('tells whose late events were caught up on and how old they are, and leads to them', async () => {
    page.api.answers.members = {
      members: [
        memberRow({ source: 'emi-ybndrf', name: 'Emi Tanaka' }),
        memberRow({ device: 'ada', source: 'ada-cpqxot', name: '<b>Ada</b>', isSelf: true }),
      ],
    }
    await page.open([prompt(1)])
    const late = (id: number, hours: number, source: string) =>
      rowOf(promptAt(NOW - hours * HOUR, { id, source }), id, new Date(NOW).toISOString())
    await page.come(late(10, 9, 'emi-ybndrf'), late(11, 2, 'emi-ybndrf'), late(12, 3, 'ada-cpqxot'))
    expect(texts()[0]).toBe('Caught up: 3 events from <b>Ada</b> and Emi Tanaka · 2 h to 9 h ago')
    expect(document.querySelector('article b:not(.asks)')).toBeNull()
    const link = articles()[0]!.querySelector('a')!.getAttribute('href')
    expect(link).toBe(
      '#/history?source=emi-ybndrf,ada-cpqxot&from=2026-11-19T23:00:00.000Z&to=2026-11-20T06:00:00.001Z',
    )
  })

  it('is as high as the density says, and the same line stays on top', async () => {
    await page.open(Array.from({ length: 100 }, (_, n) => prompt(n)))
    const feed = screen.getByRole('feed')
    feed.scrollTop = 600
    await fireEvent.scroll(feed)
    expect(feed.firstElementChild!.getAttribute('style')).toContain('3000px')
    const chosen = JSON.stringify({ density: 'comfortable' })
    window.dispatchEvent(
      Object.assign(new Event('storage'), { key: 'vibetea.preferences', newValue: chosen }),
    )
    await page.settle()
    expect(feed.firstElementChild!.getAttribute('style')).toContain('4000px')
    expect(feed.scrollTop).toBe(800)
  })
})

describe('who comes back to the page', () => {
  const show = (state: DocumentVisibilityState) => {
    vi.spyOn(document, 'visibilityState', 'get').mockReturnValue(state)
    document.dispatchEvent(new Event('visibilitychange'))
  }
  afterEach(() => vi.restoreAllMocks())
  const mark = () => document.querySelector('.mark')?.textContent.replaceAll(/\s+/g, ' ').trim()

  it('finds where they were, and how much came since; also after a reload', async () => {
    await page.open([prompt(1)])
    show('hidden')
    expect(mark()).toBeUndefined()
    await page.come(prompt(2), prompt(3))
    show('visible')
    await page.settle()
    expect(mark()).toMatch(/^you were here · \d\d:00 · 2 events since$/)
    expect(document.querySelector('.block')!.children[2]!.className).toContain('mark')
    const stored = localStorage.getItem('vibetea.left')!
    page.close()
    cleanup()
    page = new TestPage()
    localStorage.setItem('vibetea.left', stored)
    await page.open([prompt(1), prompt(2), prompt(3), prompt(4)])
    expect(mark()).toMatch(/3 events since$/)
    expect(articles()).toHaveLength(4)
  })
})

describe('the pulse', () => {
  const slider = () => screen.getByRole('slider', { name: 'Time of the live feed' })
  const value = () => slider().getAttribute('aria-valuetext')
  /** A prompt a minute, up to now. */
  const minutes = (count: number) =>
    Array.from({ length: count }, (_, n) => rowOf(promptAt(NOW - (count - n) * MINUTE, { id: n }), n))

  it('takes the feed back in time and to now again, by keys', async () => {
    await page.open(minutes(60))
    expect(value()).toMatch(/^now, \d events? in the last minute$/)
    await press('ArrowLeft', slider())
    await press('PageDown', slider())
    expect(value()).toMatch(/^5 min ago/)
    expect(screen.getByRole('button', { name: /Paused/ })).toBeTruthy()
    const seen = texts()
    await page.come(prompt(100))
    expect(texts()).toEqual(seen)
    await press('Home', slider())
    expect(value()).toMatch(/^15 min ago/)
    await press('End', slider())
    expect(value()).toMatch(/^now/)
    expect(screen.getByRole('button', { name: /Following/ })).toBeTruthy()
    await press('PageDown', slider())
    await press(' ', slider())
    expect(value()).toMatch(/^now/)
  })

  it('takes it back by dragging, also from another screen', async () => {
    await page.open(minutes(60))
    await page.go('#/people')
    vi.spyOn(slider(), 'getBoundingClientRect').mockReturnValue(new DOMRect(100, 0, 180, 32))
    Object.assign(slider(), { setPointerCapture: () => undefined })
    await fireEvent.pointerDown(slider(), { clientX: 220, button: 0, pointerId: 1 })
    await page.settle()
    expect(location.hash).toBe('#/live')
    expect(value()).toMatch(/^5 min ago/)
    await fireEvent.pointerMove(slider(), { clientX: 160, pointerId: 1 })
    await page.settle()
    expect(value()).toMatch(/^10 min ago/)
    await fireEvent.pointerMove(slider(), { clientX: 400, pointerId: 1 })
    await page.settle()
    expect(value()).toMatch(/^now/)
    await fireEvent.pointerUp(slider(), { pointerId: 1 })
    await fireEvent.pointerMove(slider(), { clientX: 160, pointerId: 1 })
    await page.settle()
    expect(value()).toMatch(/^now/)
    vi.restoreAllMocks()
  })

  it('goes an hour back with [, loading what is not here yet, and forward with ]', async () => {
    const all = minutes(200)
    await page.open(all.slice(150))
    Object.assign(page.api.answers.events as object, { next: 'c.150' })
    page.socket.say({ type: 'gap', head: 'c.200', reason: 'lagging' })
    await page.settle()
    page.api.answers.events = { events: all.slice(0, 150).reverse(), next: null, prev: null }
    await press('[')
    expect(value()).toMatch(/^1 h ago/)
    expect(page.api.asked.some(({ params }) => params.get('before') === 'c.150')).toBe(true)
    await press('[')
    expect(value()).toMatch(/^2 h ago/)
    await press(']')
    expect(value()).toMatch(/^1 h ago/)
    await press(']')
    expect(value()).toMatch(/^now/)
  })
})

describe('for who listens, the feed', () => {
  const say = async (...events: Event[]) => page.come(...events.map((event, i) => rowOf(event, 100 + i)))

  it('says nothing unless that was chosen', async () => {
    await page.open([prompt(1)])
    await say(promptAt(NOW + 2, { id: 2 }))
    await page.settle(20)
    expect(screen.queryByText(/1 event from/)).toBeNull()
  })

  it('sums up what came at most every 15 seconds, and tells of an error at once', async () => {
    localStorage.setItem('vibetea.preferences', JSON.stringify({ announcements: true }))
    await page.open([prompt(1)])
    const common = { sessionId: SESSION, project: 'web-app', assistant: 'claude' } as const
    await say(
      { ...promptAt(NOW + 2, { id: 2 }), eventType: 'session', payload: { ...common, action: 'started' } },
      waitingAt(NOW + 3, 'question', { id: 3 }),
      { ...promptAt(NOW + 4, { id: 4 }), eventType: 'error', payload: { ...common, category: 'overloaded' } },
    )
    expect(screen.getByText('Error: model overloaded, laptop, web-app.')).toBeTruthy()
    expect(screen.queryByText(/3 events/)).toBeNull()
    await page.settle(15)
    const words = `3 events from laptop. laptop started web-app. ${handleOf(SESSION)} of laptop asks a question.`
    expect(screen.getByText(words).getAttribute('role')).toBe('status')
    await say(promptAt(NOW + 5, { id: 5 }))
    await page.settle(10)
    expect(screen.getByText(words)).toBeTruthy()
    await page.settle(5)
    expect(screen.getByText('1 event from laptop.')).toBeTruthy()
  })
})

describe('the wall', () => {
  it('shows who is at work and the feed, and nothing else; Escape leaves it', async () => {
    await page.open([prompt(1)])
    await page.go('#/live?kiosk=1')
    expect(screen.getByRole('feed')).toBeTruthy()
    expect(screen.getByRole('heading', { name: /brewing/ })).toBeTruthy()
    expect(screen.queryByRole('navigation', { name: 'Screens' })).toBeNull()
    expect(screen.queryByRole('heading', { name: 'Last 7 days' })).toBeNull()
    await press('Escape')
    await tick()
    expect(location.hash).toBe('#/live')
    expect(screen.getByRole('navigation', { name: 'Screens' })).toBeTruthy()
  })
})
