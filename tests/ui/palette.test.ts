import { fireEvent, screen, within } from '@testing-library/svelte'
import { tick } from 'svelte'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { handleOf } from '../../core/handle.ts'
import { SESSION, toolAt } from '../support/events.ts'
import { prompt, TestPage } from './page.ts'
import { memberRow, NOW, rowOf, sessionRow, STATUS } from './support.ts'

const OLD = '0f0e0d0c-0b0a-4908-8706-050403020100'
let page: TestPage
beforeEach(() => {
  page = new TestPage()
})
afterEach(() => page.close())

const field = () => screen.getByRole<HTMLInputElement>('combobox', { name: 'Search or jump' })
const options = () =>
  screen.queryAllByRole('option').map((option) => option.querySelector('.label')!.textContent)
const active = () => screen.getByRole('option', { selected: true }).querySelector('.label')!.textContent
const press = async (key: string) => {
  await fireEvent.keyDown(field(), { key })
  await tick()
}

async function open(): Promise<void> {
  await fireEvent.keyDown(document.body, { key: 'k', ctrlKey: true })
  await page.settle(0)
}

async function type(text: string): Promise<void> {
  await fireEvent.input(field(), { target: { value: text } })
  await page.settle(0.3)
}

/** The calls whose answers the palette waits for. */
const searches = () =>
  page.api.asked
    .filter(({ params }) => params.has('q'))
    .map(({ path, params }) => `${path} ${params.get('q')}`)

describe('the palette', () => {
  it('opens with a key, goes to a screen with Enter, and remembers it', async () => {
    await page.open([prompt(1)])
    await open()
    expect(options()).toContain('Timeline')
    await type('tim')
    expect(active()).toBe('Timeline')
    await press('Enter')
    expect(location.hash).toBe('#/timeline')
    await page.settle()
    await open()
    const recent = within(screen.getByRole('group', { name: 'Recent' }))
    expect(recent.getAllByRole('option')).toHaveLength(1)
    expect(options().filter((name) => name === 'Timeline')).toHaveLength(1)
  })

  it('has what was typed while it was on its way, and no shortcut does anything then', async () => {
    await page.open([prompt(1)])
    for (const key of ['/', 't', 'i', 'n', 'Backspace', 'm']) {
      document.body.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }))
    }
    await page.settle()
    expect(field().value).toBe('tim')
    expect(active()).toBe('Timeline')
    expect(document.documentElement.dataset.theme).toBeUndefined()
  })

  it('leads to the wall screen', async () => {
    await page.open([prompt(1)])
    await open()
    expect(options()).toContain('Wall screen')
    await type('kiosk')
    expect(active()).toBe('Wall screen')
    await press('Enter')
    await page.settle()
    expect(location.hash).toBe('#/live?kiosk=1')
    expect(screen.queryByRole('navigation', { name: 'Screens' })).toBeNull()
  })

  it('is walked through with the arrows, round its ends', async () => {
    await page.open([prompt(1)])
    await open()
    const all = options()
    await press('ArrowDown')
    expect(active()).toBe(all[1])
    await press('ArrowUp')
    await press('ArrowUp')
    expect(active()).toBe(all.at(-1))
    expect(field().getAttribute('aria-activedescendant')).toBe(
      screen.getByRole('option', { selected: true }).id,
    )
  })

  it('offers first who waits for an answer, the longest first', async () => {
    const asks = (sessionId: string, minutes: number) =>
      sessionRow({
        sessionId,
        state: 'waiting',
        needs: 'answer',
        needsSince: new Date(NOW - minutes * 60_000).toISOString(),
      })
    page.api.answers.sessions = { sessions: [asks(SESSION, 3), asks(OLD, 14)] }
    await page.open([prompt(1)])
    await open()
    expect(options().slice(0, 2)).toEqual([handleOf(OLD), handleOf(SESSION)])
  })

  it('finds people and projects, each also alone after its sign', async () => {
    page.api.answers.members = {
      members: [
        memberRow({ isSelf: true }),
        memberRow({ source: 'emi-cpqxot', name: 'Émi Tanaka', device: 'e' }),
      ],
    }
    page.api.answers.status = { ...STATUS, projects: [{ project: 'emission', sharing: 'private' }] }
    await page.open([prompt(1)])
    await open()
    await type('emi')
    expect(options()).toEqual(expect.arrayContaining(['Émi Tanaka', 'emission']))
    await type('@emi')
    expect(options()).toEqual(['Émi Tanaka'])
    await press('Enter')
    expect(location.hash).toBe('#/live?source=emi-cpqxot')
    await open()
    await type('#emi')
    expect(options()).toEqual(['emission'])
  })

  it('finds sessions that ended long ago and all that is indexed, each thing once', async () => {
    const edit = (n: number) =>
      rowOf(toolAt(NOW - n, 'completed', { id: n, tool: 'Edit', context: 'kettle.ts' }), n)
    page.api.answers.sessions = { sessions: [] }
    await page.open([prompt(1)])
    page.api.answers.sessions = {
      sessions: [sessionRow({ sessionId: OLD, project: 'kettle', state: 'ended' })],
    }
    page.api.answers.events = { events: [edit(1), edit(2)], next: null, prev: null }
    await open()
    await type('kettle')
    expect(options()).toEqual([handleOf(OLD), 'Edit kettle.ts', 'Search the history for “kettle”'])
    await press('ArrowDown')
    await press('Enter')
    const { params } = { params: new URLSearchParams(location.hash.split('?')[1]) }
    expect(location.hash).toContain('#/history?')
    expect([params.get('session'), params.get('at')]).toEqual([SESSION, new Date(NOW).toISOString()])
  })

  it('asks once the typing pauses, and shows nothing that does not fit what is typed', async () => {
    const edit = rowOf(toolAt(NOW, 'completed', { id: 1, tool: 'Edit', context: 'kettle.ts' }), 1)
    await page.open([prompt(1)])
    page.api.answers.events = { events: [edit], next: null, prev: null }
    await open()
    for (const text of ['k', 'ke', 'ket']) await fireEvent.input(field(), { target: { value: text } })
    await page.settle(0.3)
    expect(searches().sort()).toEqual(['events ket', 'sessions ket'])
    expect(options()).toContain('Edit kettle.ts')
    await fireEvent.input(field(), { target: { value: 'kex' } })
    await tick()
    expect(options()).not.toContain('Edit kettle.ts')
  })

  it('does not let a late answer take the place of a later question’s', async () => {
    const rows = ['kettle.ts', 'kex.ts'].map((context, n) =>
      rowOf(toolAt(NOW, 'completed', { id: n, tool: 'Edit', context }), n),
    )
    const answers: (() => void)[] = []
    const fetch = page.api.fetch
    Object.assign(page.api, {
      fetch: async (input: string, init?: RequestInit) => {
        const q = new URL(input, 'http://127.0.0.1').searchParams.get('q')
        const response = await fetch(input, init)
        if (!q || !input.includes('events')) return response
        await new Promise<void>((resolve) => answers.push(resolve))
        return Response.json({
          events: q === 'ke' ? rows.slice(0, 1) : rows.slice(1),
          next: null,
          prev: null,
        })
      },
    })
    await page.open([prompt(1)])
    await open()
    await type('ke')
    await type('kex')
    answers[1]!()
    await page.settle(0)
    answers[0]!()
    await page.settle(0)
    expect(options()).toContain('Edit kex.ts')
    await type('ke')
    expect(options()).not.toContain('Edit kettle.ts')
  })

  it('says when the search is slow or fails, goes on with what is here, and tries again', async () => {
    await page.open([prompt(1)])
    await open()
    page.api.isAway = true
    await type('live')
    expect(screen.getByRole('alert').textContent).toContain('only what this page knows is searched')
    expect(options()).toEqual(['Live feed', 'Wall screen', 'Search the history for “live”'])
    page.api.isAway = false
    await fireEvent.click(screen.getByRole('button', { name: 'Retry' }))
    await page.settle(0)
    expect(screen.queryByRole('alert')).toBeNull()
  })

  it('opens a link that a teammate copied, whatever their address is', async () => {
    await page.open([prompt(1)])
    await open()
    await type(`http://127.0.0.1:4711/#/session/${SESSION}`)
    expect(options()).toEqual(['Open this link'])
    await press('Enter')
    expect(location.hash).toBe(`#/session/${SESSION}`)
    await page.settle()
    await open()
    for (const text of ['https://example.org/', 'http://x/#/nowhere', 'javascript:alert(1)#/x']) {
      await type(text)
      expect(options()).not.toContain('Open this link')
    }
  })

  it('does what a key does, and pauses recording', async () => {
    page.api.answers['actions/pause'] = {}
    await page.open([prompt(1)])
    await open()
    await type('>pause or')
    await press('Enter')
    expect(screen.getByRole('button', { name: /Paused/ })).toBeTruthy()
    await open()
    await type('pause until')
    await press('Enter')
    await page.settle()
    expect(
      page.api.asked.some(({ path, body }) => path === 'actions/pause' && body === '{"until":null}'),
    ).toBe(true)
    await open()
    await type('dark')
    await press('Enter')
    expect(document.documentElement.dataset.theme).toBe('dark')
  })

  it('shows names of others as text, no longer than a line', async () => {
    const hostile = `<img src=x onerror=alert(1)>\u202E${'x'.repeat(10_000)}`
    page.api.answers.members = { members: [memberRow({ name: hostile }), memberRow({ source: 'b-ybndrf' })] }
    page.api.answers.sessions = { sessions: [sessionRow({ handle: hostile, project: hostile })] }
    localStorage.setItem(
      'vibetea.recent',
      JSON.stringify([
        { id: 'x', label: 1 },
        7,
        { id: 'y', label: 'y', detail: '', href: 'https://example.org' },
      ]),
    )
    await page.open([prompt(1)])
    await open()
    expect(screen.queryByRole('group', { name: 'Recent' })).toBeNull()
    await type('img')
    expect(document.querySelector('dialog img')).toBeNull()
    expect(options().filter((name) => name.startsWith('<img')).length).toBeGreaterThan(1)
    for (const name of options()) expect(name.length).toBeLessThanOrEqual(80)
  })
})
