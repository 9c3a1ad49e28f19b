import { fireEvent, screen } from '@testing-library/svelte'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { SessionRow } from '../../core/api.ts'
import { attentionOf, iconOf, titleOf } from '../../ui/lib/attention.ts'
import { errorAt } from '../support/events.ts'
import { prompt, TestPage } from './page.ts'
import { memberRow, NOW, overlap, rowOf, sessionRow } from './support.ts'

const asks = (change: Partial<SessionRow> = {}) =>
  sessionRow({
    state: 'waiting',
    needs: 'answer',
    needsSince: new Date(NOW).toISOString(),
    ...change,
  })

describe('what needs me', () => {
  const own = 'laptop-ybndrf'

  it('is my own sessions that wait for an answer or stopped at an error, and nobody else’s', () => {
    const rows = [
      asks({ sessionId: 'a' }),
      asks({ sessionId: 'b', source: 'desk-cpqxot' }),
      sessionRow({ sessionId: 'c', last: { eventType: 'error' } }),
      sessionRow({ sessionId: 'd', last: { eventType: 'error' }, state: 'ended' }),
      sessionRow({ sessionId: 'e', last: { eventType: 'error' }, source: 'desk-cpqxot' }),
    ]
    expect(attentionOf(rows, own)).toEqual({ answers: 1, errors: 1 })
    expect(attentionOf(rows, undefined)).toEqual({ answers: 0, errors: 0 })
  })

  it('stands in the title', () => {
    expect(titleOf({ answers: 0, errors: 0 })).toBe('VibeTea')
    expect(titleOf({ answers: 2, errors: 0 })).toBe('(2) VibeTea')
    expect(titleOf({ answers: 1, errors: 1 }, 'Same file: invite.ts')).toBe(
      '(1) ▲ Same file: invite.ts · VibeTea',
    )
  })

  it('has signs of different shapes in the icon', () => {
    const svg = (answers: number, errors: number) => decodeURIComponent(iconOf({ answers, errors }))
    expect(svg(1, 0)).toContain('<circle')
    expect(svg(1, 1)).not.toContain('<circle')
    expect(new Set([svg(0, 0), svg(1, 0), svg(0, 1)]).size).toBe(3)
  })
})

describe('notifications', () => {
  let page: TestPage
  let shown: { title: string; body: string; tag: string; onclick?: () => void }[]
  let answer: NotificationPermission
  let isLooking: boolean

  beforeEach(() => {
    page = new TestPage()
    shown = []
    answer = 'granted'
    isLooking = false
    class FakeNotification {
      static permission: NotificationPermission = 'default'
      static requestPermission() {
        FakeNotification.permission = answer
        return Promise.resolve(answer)
      }
      onclick?: () => void
      constructor(title: string, { body, tag }: { body: string; tag: string }) {
        shown.push(Object.assign(this, { title, body, tag }))
      }
      close() {
        shown.splice(shown.indexOf(this as never), 1)
      }
    }
    vi.stubGlobal('Notification', FakeNotification)
    vi.spyOn(document, 'hasFocus').mockImplementation(() => isLooking)
  })
  afterEach(() => {
    page.close()
    vi.restoreAllMocks()
  })

  const choose = async (...names: string[]) => {
    await page.go('#/settings')
    for (const name of names) await fireEvent.click(screen.getByRole('checkbox', { name }))
    await page.settle()
  }
  const say = async (...sessions: SessionRow[]) => {
    page.socket.say({ type: 'sessions', sessions })
    await page.settle()
  }
  const ANSWER = 'An agent of mine needs an answer'
  const ERRORS = 'An agent of mine met an error'
  const FILES = 'A teammate’s agent is in a file of mine'

  it('are all off, and the browser is not asked, until somebody chooses one', async () => {
    await page.open([prompt(1)])
    await page.go('#/settings')
    for (const name of [ANSWER, ERRORS, FILES]) {
      expect(screen.getByRole<HTMLInputElement>('checkbox', { name }).checked).toBe(false)
    }
    await say(asks())
    expect(Notification.permission).toBe('default')
    expect(shown).toEqual([])
    expect(document.title).toBe('(1) VibeTea')
  })

  it('tell of my agent that needs an answer, once, and lead to it', async () => {
    await page.open([prompt(1)])
    await choose(ANSWER)
    await say(asks(), asks({ sessionId: 'other', source: 'desk-cpqxot' }))
    await say(asks({ lastEventAt: new Date(NOW + 1).toISOString() }))
    expect(shown).toMatchObject([{ title: `${asks().handle} needs an answer`, body: 'web-app' }])
    shown[0]!.onclick!()
    expect(location.hash).toBe(`#/session/${asks().sessionId}`)
    await say(sessionRow())
    await say(asks({ needsSince: new Date(NOW + 5000).toISOString() }))
    expect(shown).toHaveLength(1)
  })

  it('say nothing of what was there, nor to who looks at the page', async () => {
    page.api.answers.sessions = { sessions: [asks()] }
    await page.open([prompt(1)])
    await choose(ANSWER)
    isLooking = true
    await say(asks({ sessionId: 'next' }))
    isLooking = false
    await say(asks({ sessionId: 'next' }), asks())
    expect(shown).toEqual([])
  })

  it('are one where many come at once', async () => {
    await page.open([prompt(1)])
    await choose(ANSWER)
    await say(...Array.from({ length: 9 }, (_, i) => asks({ sessionId: `s${i}` })))
    expect(shown).toMatchObject([{ title: '9 sessions need an answer' }])
  })

  it('tell of my agent’s error, not again for the next minutes, and of no old one', async () => {
    await page.open([prompt(1)])
    await choose(ERRORS)
    const error = (n: number, at = NOW, source?: string) =>
      rowOf(errorAt(at, { id: n, ...(source && { source }) }), n, new Date(NOW).toISOString())
    await page.come(error(2), error(3), error(4, NOW - 3_600_000), error(5, NOW, 'desk-cpqxot'))
    expect(shown).toMatchObject([{ title: expect.stringMatching(/ met an error$/) as string }])
  })

  it('tell of a teammate in my file', async () => {
    page.api.answers.members = {
      members: [memberRow({ source: 'bruno-cpqxot', device: 'b', name: 'Bruno\u202E Lima' })],
    }
    await page.open([prompt(1)])
    await choose(FILES)
    page.api.answers.overlaps = { overlaps: [overlap()] }
    page.socket.hello('c.1')
    await page.settle()
    expect(shown).toMatchObject([{ title: 'Bruno Lima’s agent is in invite.ts too', body: 'web-app' }])
  })

  it('that the browser forbids are said to be forbidden', async () => {
    answer = 'denied'
    await page.open([prompt(1)])
    await choose(ANSWER)
    expect(screen.getByText(/does not let this page notify you/)).toBeTruthy()
    await say(asks())
    expect(shown).toEqual([])
  })
})
