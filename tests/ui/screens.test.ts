import { screen } from '@testing-library/svelte'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { errorAt, responseAt, SESSION, toolAt } from '../support/events.ts'
import { prompt, TestPage } from './page.ts'
import { NOW, rowOf, sessionRow } from './support.ts'

let page: TestPage
beforeEach(() => {
  page = new TestPage()
})
afterEach(() => page.close())

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
  it('of which nothing is going on says that it is over, which models it had and what went wrong', async () => {
    page.api.answers.sessions = { sessions: [] }
    await page.open([
      rowOf(responseAt(NOW - 7_200_000, {}, { id: 1 }), 1),
      rowOf(errorAt(NOW - 7_200_000, { id: 2 }), 2),
    ])
    await page.go(`#/session/${SESSION}`)
    expect(screen.getByText('over · last event 2 h ago')).toBeTruthy()
    expect(screen.getByText('model').nextElementSibling?.textContent).toBe('claude-opus-4-5')
    expect(screen.getByText('errors').nextElementSibling?.textContent).toBe('▲ 1')
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
