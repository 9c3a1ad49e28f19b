import { fireEvent, screen, within } from '@testing-library/svelte'
import { tick } from 'svelte'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { handleOf } from '../../core/handle.ts'
import { promptAt, SESSION, toolAt } from '../support/events.ts'
import { articles, prompt, TestPage } from './page.ts'
import { NOW, rowOf, sessionRow, STATUS } from './support.ts'

let page: TestPage
beforeEach(() => {
  page = new TestPage()
})
afterEach(() => page.close())

describe('the live feed', () => {
  it('shows what happened, newest first, and what happens', async () => {
    await page.open([prompt(1)])
    await page.come(rowOf(toolAt(NOW + 5, 'failed', { id: 5, tool: 'Edit', context: 'kettle.ts' }), 5))
    expect(articles()[0]!.textContent).toMatch(/Edit.*kettle\.ts.*failed/s)
    expect(articles()).toHaveLength(2)
    expect(articles()[0]!.getAttribute('aria-posinset')).toBe('1')
    expect(articles()[0]!.getAttribute('aria-setsize')).toBe('2')
  })

  it('holds still under a reader who has scrolled, and says how much is new', async () => {
    await page.open(Array.from({ length: 50 }, (_, n) => prompt(n)))
    const feed = screen.getByRole('feed')
    feed.scrollTop = 300
    await fireEvent.scroll(feed)
    const before = articles().map((article) => article.dataset.key)
    await page.come(prompt(100), prompt(101))
    expect(articles().map((article) => article.dataset.key)).toEqual(before)
    await fireEvent.click(screen.getByRole('button', { name: '2 new' }))
    feed.scrollTop = 0
    await fireEvent.scroll(feed)
    expect(screen.queryByRole('button', { name: '2 new' })).toBeNull()
    expect(articles()[0]!.getAttribute('aria-posinset')).toBe('1')
    expect(articles()[0]!.getAttribute('aria-setsize')).toBe('52')
  })

  it('is paused and followed again with the space bar', async () => {
    await page.open([prompt(1)])
    await fireEvent.keyDown(document.body, { key: ' ' })
    expect(screen.getByRole('button', { name: /Paused/ })).toBeTruthy()
    await page.come(prompt(2))
    expect(articles()).toHaveLength(1)
    await fireEvent.keyDown(document.body, { key: ' ' })
    expect(articles()).toHaveLength(2)
  })

  it('is walked through with j and k, and left for the event’s session with Enter', async () => {
    await page.open([prompt(1), prompt(2), prompt(3)])
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

  it('shows names of others as text, whatever is in them', async () => {
    const hostile = '<img src=x onerror=alert(1)>'
    const row = rowOf(
      toolAt(NOW, 'started', { id: 1, tool: hostile, context: '"><script>x</script>', project: hostile }),
    )
    page.api.answers.members = {
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
    page.api.answers.sessions = { sessions: [sessionRow({ handle: hostile, project: hostile })] }
    await page.open([row])
    expect(document.querySelector('article img, article script, aside img, aside script')).toBeNull()
    expect(articles()[0]!.textContent).toContain(hostile)
    expect(articles()[0]!.textContent).toContain('"><script>')
  })

  it('shows nobody’s name turned around or hidden', async () => {
    const row = prompt(1)
    const other = { device: 'b', role: 'member', presence: 'active', lastSeen: null } as const
    page.api.answers.members = {
      members: [
        { ...other, source: row.source, name: 'Ada\u202E\u200B Okafor', isSelf: true },
        { ...other, source: 'b-ybndrf', name: 'B', isSelf: false },
      ],
    }
    await page.open([row])
    expect(articles()[0]!.textContent).toContain('Ada Okafor')
  })

  it('says which filters leave nothing, and clears them with x', async () => {
    await page.open([prompt(1)])
    page.api.answers.events = { events: [], next: null, prev: null }
    await page.go('#/live?type=error')
    expect(screen.getByText('Nothing matches these filters.')).toBeTruthy()
    expect(screen.getByText('type: error')).toBeTruthy()
    await fireEvent.keyDown(document.body, { key: 'x' })
    await page.settle()
    expect(articles()).toHaveLength(1)
  })

  it('shows of what is here only what passes the filters while the node is away', async () => {
    const edit = rowOf(toolAt(NOW + 2, 'failed', { id: 2, tool: 'Edit', context: 'kettle.ts' }), 2)
    await page.open([prompt(1), edit])
    page.api.isAway = true
    page.socket.break()
    await page.go('#/live?type=tool')
    expect(articles().map((article) => article.textContent)).toEqual([expect.stringContaining('kettle.ts')])
    await page.go('#/live?type=error')
    expect(screen.getByText('Nothing of what is here matches these filters.')).toBeTruthy()
  })

  it('tells projects of one name apart in its filters', async () => {
    const [one, other] = ['ybndrfg8ejkm', 'cpqxot1uwisz']
    page.api.answers.status = {
      ...STATUS,
      projects: [
        { project: 'web-app', projectTag: one, sharing: 'private' },
        { project: 'infra', projectTag: one, sharing: 'private' },
      ],
    }
    page.api.answers.sessions = { sessions: [sessionRow({ projectTag: other })] }
    const [ours, theirs] = [prompt(1), prompt(2)]
    ours.payload.projectTag = one
    theirs.payload.projectTag = other
    await page.open([ours, theirs])
    await fireEvent.click(screen.getByRole('button', { name: 'filter' }))
    const choices = within(screen.getByRole('group', { name: 'Project', hidden: true }))
    expect(
      choices.getAllByRole('checkbox', { hidden: true }).map((box) => box.parentElement!.textContent.trim()),
    ).toEqual(['infra', `web-app~${other}`, `web-app~${one}`])
    page.api.isAway = true
    await fireEvent.click(choices.getByLabelText(`web-app~${one}`))
    await page.settle()
    expect(articles()).toHaveLength(1)
    expect(screen.getByText(`project: web-app~${one}`)).toBeTruthy()
  })

  it('greets who has no session yet, and says which assistant was found', async () => {
    const claude = {
      assistant: 'claude',
      directories: ['/home/ada/.claude'],
      files: 0,
      problems: [],
    } as const
    const sources = [{ ...claude, watching: 'none' as const, backfill: null }]
    page.api.answers.status = { ...STATUS, sources }
    await page.open()
    expect(screen.getByText('Kettle’s on.')).toBeTruthy()
    expect(screen.getByText('Nothing brewing.')).toBeTruthy()
    expect(screen.getByText('No assistant found yet')).toBeTruthy()
    page.api.answers.status = { ...STATUS, sources: [{ ...sources[0], watching: 'events' }] }
    await page.settle(31)
    expect(screen.getByText('Claude Code found')).toBeTruthy()
    expect(screen.getByText('no session files yet')).toBeTruthy()
  })
})

describe('the page', () => {
  it('counts in its title who waits for an answer', async () => {
    const since = new Date(NOW - 840_000).toISOString()
    const asks = { state: 'waiting', needs: 'answer', needsSince: since } as const
    page.api.answers.sessions = { sessions: [sessionRow(asks), sessionRow({ ...asks, sessionId: 'b' })] }
    await page.open()
    expect(document.title).toBe('(2) VibeTea')
    expect(screen.getAllByText('needs an answer · 14 min')).toHaveLength(2)
    expect(screen.getByRole('button', { name: /^Who\s+2 need an answer$/, hidden: true })).toBeTruthy()
    const review = sessionRow({ sessionId: 'c', state: 'waiting', needs: 'review', needsSince: since })
    page.socket.say({ type: 'sessions', sessions: [sessionRow(), review] })
    await page.settle()
    expect(screen.getByText('1 needs an answer · 1 to review · 1 active')).toBeTruthy()
    expect(document.title).toBe('(1) VibeTea')
    expect(screen.getByRole('button', { name: /^Who\s+1 needs an answer$/, hidden: true })).toBeTruthy()
  })

  it('stays readable while the node is away, says so, and goes on without loss or repeat', async () => {
    await page.open([prompt(1)])
    page.api.isAway = true
    page.socket.break()
    await page.settle()
    expect(screen.getByRole('alert').textContent).toMatch(/does not answer.*as of/s)
    expect(screen.getByText('npx vibetea status')).toBeTruthy()
    expect(articles()).toHaveLength(1)
    page.api.isAway = false
    await fireEvent.click(screen.getByRole('button', { name: 'Retry' }))
    expect(page.socket.url).toMatch(/\?after=c\.1$/)
    page.socket.hello('c.1', true)
    await page.come(prompt(1), prompt(2), prompt(3))
    expect(screen.queryByRole('alert')).toBeNull()
    expect(articles()).toHaveLength(3)
  })

  it('reads anew after a gap', async () => {
    await page.open([prompt(1)])
    page.api.answers.events = { events: [prompt(9001), prompt(9000)], next: null, prev: null }
    page.socket.say({ type: 'gap', head: 'c.9001', reason: 'lagging' })
    await page.settle()
    expect(articles().map((article) => article.getAttribute('aria-posinset'))).toEqual(['1', '2'])
  })

  it('is locked when the node does not know its token, and unlocks with a new one', async () => {
    await page.open([prompt(1)])
    page.api.isLocked = true
    page.socket.break()
    await page.settle()
    expect(screen.getByText('npx vibetea open')).toBeTruthy()
    expect(screen.queryByRole('feed')).toBeNull()
    page.api.isLocked = false
    localStorage.setItem('vibetea.token', 'newer')
    window.dispatchEvent(Object.assign(new Event('storage'), { key: 'vibetea.token', newValue: 'newer' }))
    await tick()
    expect(page.socket.protocols).toContain('bearer.newer')
    expect(articles()).toHaveLength(1)
  })

  it('swaps the code in its address for a token, and strips it', async () => {
    localStorage.clear()
    location.hash = '#code=abc_-1'
    await page.open()
    expect(location.href).not.toContain('code')
    expect(localStorage.getItem('vibetea.token')).toBe('page-token')
    expect(page.socket.protocols).toContain('bearer.page-token')
  })

  it('says how much happens, over a quarter of an hour and the last minute', async () => {
    const before = rowOf(promptAt(NOW - 300_000, { id: 9 }), 9)
    await page.open([before])
    const bars = () => screen.getByRole('slider').querySelector('path')!.getAttribute('d')
    const afterReload = bars()
    await page.come(prompt(2), prompt(3))
    expect(screen.getByText('2 events/min')).toBeTruthy()
    await page.settle(120)
    expect(screen.getByText('0 events/min')).toBeTruthy()
    expect(bars()).not.toBe(afterReload)
    await page.settle(480)
    // Of what was there before the page was opened nothing is left by now, of what came then something.
    const later = bars()
    await page.settle(360)
    const quiet = bars()
    expect(new Set([afterReload, later, quiet]).size).toBe(3)
    await page.settle(60)
    expect(bars()).toBe(quiet)
  })

  it('shows how far the reading of earlier sessions is', async () => {
    const claude = { assistant: 'claude', directories: ['/x'], files: 40, watching: 'events', problems: [] }
    page.api.answers.status = { ...STATUS, sources: [{ ...claude, backfill: { done: 12, total: 40 } }] }
    await page.open()
    expect(screen.getByText('12 of 40')).toBeTruthy()
    expect(screen.getByRole('progressbar').getAttribute('value')).toBe('12')
  })
})
