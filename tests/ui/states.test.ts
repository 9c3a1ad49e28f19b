import { fireEvent, screen, within } from '@testing-library/svelte'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CLOCK_TOLERANCE_MS, type EventRow, type PeerStatus } from '../../core/api.ts'
import { clockWarnings } from '../../ui/lib/skew.ts'
import { articles, prompt, TestPage } from './page.ts'
import { NOW, peerStatus, sessionRow, STATUS } from './support.ts'

const HOUR_MS = 3_600_000

let page: TestPage
beforeEach(() => {
  page = new TestPage()
})
afterEach(() => page.close())

const refusing = (status: number) => () =>
  Promise.resolve(Response.json({ error: 'internal_error', message: 'The index is away.' }, { status }))
const never = (_params: URLSearchParams, init?: RequestInit) =>
  new Promise<Response>((_resolve, reject) => {
    init?.signal?.addEventListener('abort', () => reject(new DOMException('Aborted', 'AbortError')))
  })
const retry = async (near: HTMLElement) => {
  await fireEvent.click(within(near).getByRole('button', { name: 'Retry' }))
  await page.settle()
}
const alertOf = (text: string) => screen.getByText(text).closest<HTMLElement>('[role=alert]')!

describe('a node that answers late', () => {
  it('is waited for by the panel that asked; the others go on', async () => {
    let answer: (response: Response) => void = () => undefined
    page.api.instead.sessions = () => new Promise((resolve) => (answer = resolve))
    await page.open([prompt(1)])
    await page.come(prompt(2))
    expect(articles()).toHaveLength(2)
    expect(screen.getByText('Loading the list of sessions: the node takes its time.')).toBeTruthy()
    answer(Response.json({ sessions: [sessionRow()] }))
    await page.settle()
    expect(screen.queryByText(/takes its time/)).toBeNull()
    expect(within(screen.getByRole('region', { name: 'Who’s brewing' })).getByText(/web-app/)).toBeTruthy()
  })

  it('is given up after half a minute, and asked again when that is wanted', async () => {
    page.api.instead.sessions = never
    await page.open([prompt(1)])
    await page.settle(31)
    const failed = alertOf('Unable to load the list of sessions.')
    expect(failed.textContent).toContain('The node has not answered for 30 seconds.')
    delete page.api.instead.sessions
    await retry(failed)
    expect(screen.queryByText('Unable to load the list of sessions.')).toBeNull()
  })

  it('fills the feed with what happens now while what was before is still to come', async () => {
    page.api.instead.events = never
    await page.open()
    expect(screen.getByText(/Loading the feed: the node takes its time/)).toBeTruthy()
  })
})

describe('a node that answers with an error', () => {
  it.each([
    ['events', 'Unable to load the feed.'],
    ['sessions', 'Unable to load the list of sessions.'],
    ['heatmap', 'Unable to load the heat map.'],
    ['stats', 'Unable to load the sums of today.'],
  ])('to %s has that panel say so, with a way to try again', async (path, sentence) => {
    page.api.instead[path] = refusing(500)
    await page.open([prompt(1)])
    const failed = alertOf(sentence)
    expect(failed.textContent).toContain('The index is away.')
    expect(screen.getAllByText(/Unable to load/)).toHaveLength(1)
    await page.come(prompt(2))
    expect(articles().length).toBeGreaterThan(0)
    page.api.instead[path] = undefined
    await retry(failed)
    expect(screen.queryByText(sentence)).toBeNull()
  })

  it('to an older page has the feed say so at its end, and nothing is asked again until one wants it', async () => {
    const pageOf = (n: number, next: string | null) =>
      Promise.resolve(Response.json({ events: [prompt(n)], next, prev: null }))
    let isAway = true
    page.api.instead.events = (params) => {
      if (!params.has('before')) return pageOf(2, 'older')
      return isAway ? refusing(500)() : pageOf(1, null)
    }
    await page.open()
    const askedOlder = () => page.api.asked.filter(({ params }) => params.has('before')).length
    const before = askedOlder()
    await page.settle(10)
    expect(askedOlder()).toBe(before)
    const failed = screen.getByRole('feed').querySelector<HTMLElement>('[role=alert]')!
    expect(failed.textContent).toContain('More could not be read: The index is away.')
    isAway = false
    await retry(failed)
    expect(articles()).toHaveLength(2)
    expect(screen.queryByText(/could not be read/)).toBeNull()
  })

  it('is asked again by itself as something happens, and until then is said to have failed', async () => {
    page.api.instead.stats = refusing(500)
    await page.open([prompt(1)])
    await page.come(prompt(2))
    await page.settle(5)
    alertOf('Unable to load the sums of today.')
    delete page.api.instead.stats
    await page.come(prompt(3))
    await page.settle(5)
    expect(screen.queryByText(/Unable to load/)).toBeNull()
  })

  it('shows what it knew before, and says that it is from before', async () => {
    page.api.answers.status = { ...STATUS, projects: [{ project: 'web-app', sharing: 'private' }] }
    await page.open([prompt(1)])
    await page.go('#/settings')
    page.api.instead.status = refusing(500)
    page.socket.say({ type: 'gap', head: 'c.9', reason: 'lagging' })
    await page.settle()
    expect(alertOf('Unable to load the projects.').textContent).toContain('What you see is from before.')
    expect(screen.getByRole('button', { name: 'Private' })).toBeTruthy()
  })
})

describe('an answer that is not one', () => {
  it.each([
    ['no JSON', '<html>It works!</html>', 'The node’s answer cannot be read.'],
    ['cut off', '{"sessions": [{"sess', 'The node’s answer cannot be read.'],
    ['nothing', 'null', 'The node’s answer cannot be read.'],
    ['another', '{"kettle": true}', 'The node’s answer is not one that this page understands.'],
  ])('(%s) is told of, and the rest goes on', async (_what, text, sentence) => {
    page.api.instead.sessions = () => Promise.resolve(new Response(text))
    await page.open([prompt(1)])
    const failed = alertOf('Unable to load the list of sessions.')
    expect(failed.textContent).toContain(sentence)
    expect(articles()).toHaveLength(1)
    delete page.api.instead.sessions
    await retry(failed)
    expect(screen.queryByText(/Unable to load/)).toBeNull()
  })

  it('on the line is as if the line had broken: the next one goes on where it was', async () => {
    await page.open([prompt(1)])
    const broken = page.socket
    broken.onmessage?.({ data: '{"type": "eve' })
    await page.settle()
    expect(page.socket).not.toBe(broken)
    expect(page.socket.url).toContain('after=c.1')
  })
})

describe('an event of a later version', () => {
  const strange = (n: number) => ({ ...prompt(n), eventType: 'ceremony' }) as unknown as EventRow

  it('is not shown, and told of once; what this version knows is', async () => {
    await page.open([prompt(1), strange(2)])
    await page.come(strange(3), prompt(4))
    expect(articles()).toHaveLength(2)
    const said = '1 event type this version cannot show. Somebody has a later version: update VibeTea.'
    expect(screen.getAllByText(said, { exact: false })).toHaveLength(1)
    await fireEvent.click(screen.getByRole('button', { name: 'Close the message' }))
    expect(screen.queryByText(said, { exact: false })).toBeNull()
  })
})

describe('clocks', () => {
  const peer = (name: string, clockAheadMs: number | null): PeerStatus => peerStatus({ name, clockAheadMs })

  it.each<[string, number, PeerStatus[], string | null]>([
    ['that agree', 500, [peer('Bruno', 30_000), peer('Emi', null)], null],
    ['of which the browser’s is wrong', 2 * HOUR_MS, [], 'This browser’s clock is 2 h ahead of the node’s.'],
    [
      'of which a teammate’s is wrong',
      0,
      [peer('Bruno', -2 * HOUR_MS), peer('Emi', 100)],
      'Bruno’s clock is 2 h behind this machine’s.',
    ],
    [
      'of which this machine’s is wrong',
      0,
      [peer('Bruno', 2 * HOUR_MS), peer('Emi', 2 * HOUR_MS - 900)],
      'This machine’s clock is 2 h behind those of all teammates.',
    ],
    [
      'of two, of which one cannot say whose is wrong',
      0,
      [peer('Bruno', 2 * HOUR_MS)],
      'Bruno’s clock is 2 h ahead of this machine’s.',
    ],
  ])('%s', (_which, pageAheadMs, peers, sentence) => {
    const warnings = clockWarnings({ pageAheadMs, peers })
    if (sentence === null) expect(warnings).toEqual([])
    else expect(warnings).toEqual([expect.stringContaining(sentence)])
  })

  it('that differ by less than is told of are told of nowhere, from then on both ways', () => {
    const told = (ms: number) => clockWarnings({ pageAheadMs: 0, peers: [peer('Bruno', ms)] }).length
    expect([-1, 1].map((way) => told(way * (CLOCK_TOLERANCE_MS - 1)))).toEqual([0, 0])
    expect([-1, 1].map((way) => told(way * CLOCK_TOLERANCE_MS))).toEqual([1, 1])
  })

  it('that differ are told of on the page, whose times are the node’s', async () => {
    await page.open([prompt(1)])
    const serverTime = new Date(NOW - 2 * HOUR_MS).toISOString()
    page.socket.say({ type: 'hello', head: 'c.1', resumed: true, serverTime })
    await page.settle()
    expect(screen.getByText(/This browser’s clock is 2 h ahead of the node’s\./)).toBeTruthy()
  })
})

describe('what the node says', () => {
  const say = async (level: 'info' | 'warning' | 'error', message: string) => {
    page.socket.say({ type: 'notice', level, message })
    await page.settle()
  }

  it('of a full disk stays until the disk is not full, and is said at once to a screen reader', async () => {
    await page.open([prompt(1)])
    await say('error', 'The log cannot be written: no space left on device.')
    await say('error', 'The log cannot be written: no space left on device.')
    expect(screen.getAllByRole('alert')).toHaveLength(1)
    await say('info', 'The log can be written again; everything since is recorded now.')
    expect(screen.queryByRole('alert')).toBeNull()
    expect(screen.getByText('The log can be written again; everything since is recorded now.')).toBeTruthy()
  })

  it('last, before the page was open, is shown where it is an error', async () => {
    const notice = (message: string) => ({
      level: 'error' as const,
      message,
      at: new Date(NOW).toISOString(),
    })
    page.api.answers.status = { ...STATUS, notices: [notice('Old.'), notice('The disk is full.')] }
    await page.open([prompt(1)])
    expect(screen.getByRole('alert').textContent).toContain('The disk is full.')
    await fireEvent.click(screen.getByRole('button', { name: 'Close the message' }))
    page.socket.say({ type: 'gap', head: 'c.9', reason: 'lagging' })
    await page.settle()
    expect(screen.queryByRole('alert')).toBeNull()
  })

  it('is cut where it is endless, and shown as text', async () => {
    await page.open([prompt(1)])
    await say('warning', `<img src=x onerror=alert(1)>${'x'.repeat(10_000)}`)
    const shown = screen.getByText(/onerror=alert/)
    expect(shown.textContent.length).toBeLessThan(500)
    expect(document.querySelector('img[src=x]')).toBeNull()
  })

  it('is the last three of many', async () => {
    await page.open([prompt(1)])
    for (let i = 1; i <= 5; i++) await say('warning', `Warning ${i}.`)
    expect(screen.getAllByText(/Warning \d\./).map(({ textContent }) => /\d/.exec(textContent)?.[0])).toEqual(
      ['3', '4', '5'],
    )
  })
})

describe('a node that was updated under the page', () => {
  it('has the page say that it is to be loaded anew', async () => {
    await page.open([prompt(1)])
    page.api.answers.status = { ...STATUS, node: { ...STATUS.node, version: '0.2.0' } }
    page.socket.break()
    await page.settle(2)
    page.socket.hello('c.1', true)
    await page.settle()
    expect(screen.getByText(/VibeTea was updated to 0\.2\.0/)).toBeTruthy()
    expect(screen.getByRole('button', { name: 'Reload' })).toBeTruthy()
  })
})

describe('a panel that fails', () => {
  it('leaves the others standing, and can be tried again', async () => {
    const density = null as unknown as ReturnType<typeof sessionRow>['density']
    page.api.answers.sessions = { sessions: [sessionRow({ density })] }
    await page.open([prompt(1)])
    const failed = screen.getByText(/could not be shown/).closest<HTMLElement>('[role=alert]')!
    expect(failed.textContent).toContain('list of sessions')
    expect(articles()).toHaveLength(1)
    page.socket.say({ type: 'sessions', sessions: [sessionRow()] })
    await page.settle()
    await retry(failed)
    expect(screen.queryByText(/could not be shown/)).toBeNull()
  })
})

describe('a team of one', () => {
  it('is told who is waited for, what to do, and what leaves', async () => {
    const team = {
      teamId: 'team',
      role: 'member',
      name: 'Harbour',
      reach: { state: 'searching', message: 'Looking for teammates.' },
    } as const
    page.api.answers.status = { ...STATUS, team }
    await page.open()
    await page.go('#/welcome')
    const steps = within(screen.getByRole('main')).getAllByRole('listitem')
    expect(steps.map((step) => step.getAttribute('aria-current'))).toEqual([null, 'step', null, null])
    expect(screen.getByText('waiting for the first who joins Harbour')).toBeTruthy()
    expect(screen.getByText('Waiting for someone to join…')).toBeTruthy()
    expect(screen.getByText(/no project is shared/)).toBeTruthy()
  })

  it('and who has none, is told how to make one or join one', async () => {
    await page.open()
    await page.go('#/welcome')
    expect(screen.getByText('npx vibetea create')).toBeTruthy()
    expect(screen.getByText('npx vibetea join')).toBeTruthy()
    expect(screen.getByText(/Nothing, while you have no team/)).toBeTruthy()
  })
})
