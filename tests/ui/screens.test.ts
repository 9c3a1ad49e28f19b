import { fireEvent, screen } from '@testing-library/svelte'
import { tick } from 'svelte'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { promptAt, SESSION, toolAt } from '../support/events.ts'
import { prompt, TestPage } from './page.ts'
import { NOW, rowOf, sessionRow } from './support.ts'

let page: TestPage
beforeEach(() => {
  page = new TestPage()
})
afterEach(() => page.close())

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
    page.api.answers.heatmap = answer
    await page.open([prompt(1)])
    await page.go('#/heat?zone=utc')
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
    page.api.answers.heatmap = answer
    await page.open([prompt(1)])
    await page.go('#/heat?zone=utc')
    expect(cell('19 Thu, 03:00–04:00: recording was paused')).toBeTruthy()
    expect(screen.getByText(/Hatched: not known/)).toBeTruthy()
  })

  it('counts soon what comes late, as the log of a teammate who was away', async () => {
    await page.open([prompt(1)])
    await page.go('#/heat?zone=utc')
    page.api.answers.heatmap = answer
    const at = NOW - 86_400_000
    await page.come(rowOf(promptAt(at, { id: 9 }), 9, new Date(NOW).toISOString()))
    await page.settle(2)
    expect(cell('20 Fri, 07:00–08:00: 82 events')).toBeTruthy()
  })

  it('keeps what is chosen in the address', async () => {
    page.api.answers.heatmap = answer
    await page.open([prompt(1)])
    await page.go('#/heat')
    await fireEvent.click(screen.getByRole('button', { name: '30 days' }))
    await fireEvent.click(screen.getByRole('button', { name: 'View as table' }))
    await page.settle()
    expect(location.hash).toBe('#/heat?days=30&view=table')
    expect(screen.getAllByRole('rowheader')).toHaveLength(30)
    expect(screen.getByRole('button', { name: 'View as colours' })).toBeTruthy()
  })
})

describe('a session’s page', () => {
  it('counts its tools, each call once, with its failures', async () => {
    const call = (n: number, tool: string, status: 'started' | 'completed' | 'failed') => {
      const row = rowOf(toolAt(NOW + n, status, { id: n, tool }), n)
      if (row.eventType === 'tool') row.payload.callId = tool
      return row
    }
    await page.open([
      prompt(0),
      call(1, 'Edit', 'started'),
      call(2, 'Edit', 'completed'),
      call(3, 'Bash', 'started'),
      call(4, 'Bash', 'failed'),
    ])
    await page.go(`#/session/${SESSION}`)
    expect(screen.getByText('2, 1 failure')).toBeTruthy()
    expect(screen.getByRole('row', { name: /Bash.*1.*▲ 1/s })).toBeTruthy()
    expect(
      screen.getByRole('feed', { name: 'Events of this session' }).querySelectorAll('article'),
    ).toHaveLength(5)
  })
  it('is titled with what only this machine knows, shown as text and no longer than a line', async () => {
    const title = `<img src=x onerror=alert(1)> \u202Eretsoor\u200B ${'x'.repeat(5000)}`
    const shown = `<img src=x onerror=alert(1)> retsoor ${'x'.repeat(5000)}`.slice(0, 200)
    const local = { title, branch: 'fix/\u202Ekettle', worktree: 'lemon' }
    page.api.answers.sessions = { sessions: [sessionRow({ sessionId: SESSION, local })] }
    await page.open([prompt(1)])
    expect(screen.getByText(`${shown} · fix/kettle · lemon`).classList).toContain('cut')
    await page.go(`#/session/${SESSION}`)
    expect(screen.getByText(shown).classList).toContain('cut')
    expect(screen.getByText('branch').nextElementSibling?.textContent).toBe('fix/kettle')
    expect(screen.getByText('worktree').nextElementSibling?.textContent).toBe('lemon')
    expect(document.querySelector('main img')).toBeNull()
  })

  it('counts all of a long session, also after more was missed than is sent on', async () => {
    await page.open()
    const rows = Array.from({ length: 80 }, (_, i) => prompt(80 - i))
    const newest = { events: rows.slice(0, 40), next: 'older', prev: null }
    const older = { events: rows.slice(40), next: null, prev: null }
    Object.defineProperty(page.api.answers, 'events', {
      get: () => (page.api.asked.at(-1)!.params.has('before') ? older : newest),
    })
    await page.go(`#/session/${SESSION}`)
    const prompts = () => screen.getByText('prompts').nextElementSibling?.textContent
    expect(prompts()).toBe('80')
    page.socket.say({ type: 'gap', head: 'c.90', reason: 'lagging' })
    await page.settle()
    expect(prompts()).toBe('80')
  })

  it('counts nothing of other sessions while the node is away', async () => {
    const [own, other] = [prompt(1), prompt(2)]
    other.payload.sessionId = '0f0e0d0c-0b0a-4908-8706-050403020100'
    await page.open([own, other])
    page.api.isAway = true
    page.socket.break()
    await page.go(`#/session/${SESSION}`)
    const fact = (name: string) => screen.getByText(name).nextElementSibling?.textContent
    expect(fact('prompts')).toBe('1')
    expect(screen.getAllByRole('article')).toHaveLength(1)
  })
})
