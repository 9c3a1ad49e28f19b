import { fireEvent, screen, within } from '@testing-library/svelte'
import { tick } from 'svelte'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { HeatmapAnswer, HistoryStatus } from '../../core/api.ts'
import { promptAt } from '../support/events.ts'
import { prompt, TestPage } from './page.ts'
import { memberRow, NO_HEAT, NOW, rowOf } from './support.ts'

let page: TestPage
beforeEach(() => {
  page = new TestPage()
  page.api.answers.heatmap = ANSWER
})
afterEach(() => page.close())

const MINE = 'laptop-ybndrf'
const BRUNO = 'thinkpad-cpqxot'
const at = (source: string, date: string, hour: number, eventCount: number) => ({
  source,
  date,
  hour,
  eventCount,
})
const ANSWER: HeatmapAnswer = {
  ...NO_HEAT,
  aggregates: [at(MINE, '2026-11-20', 7, 82)],
  gaps: [{ source: MINE, from: '2026-11-19T03:00:00Z', to: '2026-11-19T04:00:00Z', reason: 'paused' }],
}
const withHistory = (status: Partial<HistoryStatus>): HeatmapAnswer => {
  const history = { state: 'fresh' as const, fetchedAt: null, message: null, ...status }
  return { ...ANSWER, meta: { ...ANSWER.meta, history } }
}
const team = (...sources: string[]) => {
  page.api.answers.members = {
    members: [MINE, ...sources].map((source, i) =>
      memberRow({ source, device: source, name: ['Ada Okafor', 'Bruno Lima'][i] ?? source, isSelf: i === 0 }),
    ),
  }
}
async function open(hash = '#/heat?zone=utc'): Promise<void> {
  await page.open([prompt(1)])
  await page.go(hash)
}
const cell = (name: string) => screen.getByLabelText(name)
const grids = () => screen.getAllByRole('grid').map((grid) => grid.getAttribute('aria-label'))
const asked = () => page.api.asked.filter(({ path }) => path === 'heatmap').map(({ params }) => params)

describe('the heat map', () => {
  it('is walked through with the keyboard, and Enter lists the events of the hour', async () => {
    await open()
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
    cell('20 Fri, 07:00–08:00: 82 events').focus()
    await press('Enter')
    expect(location.hash).toBe('#/history?from=2026-11-20T07:00:00.000Z&to=2026-11-20T08:00:00.000Z')
  })

  it('shows what an hour is about beside it, until Escape', async () => {
    await open()
    const tip = () => document.querySelector('.tip')?.textContent
    cell('20 Fri, 07:00–08:00: 82 events').focus()
    await tick()
    expect(tip()).toContain('20 Fri, 07:00–08:00')
    expect(tip()).toContain('82 events')
    await fireEvent.keyDown(document.activeElement!, { key: 'Escape' })
    expect(tip()).toBeUndefined()
  })

  it('tells what is not known from what did not happen', async () => {
    await open()
    expect(cell('19 Thu, 03:00–04:00: recording was paused')).toBeTruthy()
    expect(screen.getByText(/Hatched: not known/)).toBeTruthy()
  })

  it('counts soon what comes late, as the log of a teammate who was away', async () => {
    page.api.answers.heatmap = NO_HEAT
    await open()
    page.api.answers.heatmap = ANSWER
    await page.come(rowOf(promptAt(NOW - 86_400_000, { id: 9 }), 9, new Date(NOW).toISOString()))
    await page.settle(2)
    expect(cell('20 Fri, 07:00–08:00: 82 events')).toBeTruthy()
  })

  it('keeps what is chosen in the address', async () => {
    await open('#/heat')
    await fireEvent.click(screen.getByRole('button', { name: '30 days' }))
    await fireEvent.click(screen.getByRole('button', { name: 'UTC' }))
    await fireEvent.click(screen.getByRole('button', { name: 'View as table' }))
    await page.settle()
    expect(location.hash).toBe('#/heat?days=30&zone=utc&view=table')
    expect(screen.getByRole('button', { name: 'View as colours' })).toBeTruthy()
  })

  it('is a plain table with sums, where it is wanted as one', async () => {
    await open('#/heat?zone=utc&view=table')
    expect(screen.queryByRole('grid')).toBeNull()
    const [today] = screen.getAllByRole('row', { name: /^20 Fri/ })
    const cells = within(today!).getAllByRole('cell')
    expect(cells.map((one) => one.textContent.trim())).toEqual([
      ...[0, 0, 0, 0, 0, 0, 0, 82, 0].map(String),
      ...Array.from({ length: 15 }, () => 'still to come'),
      '82',
    ])
    expect(screen.getByRole('row', { name: /^19 Thu/ }).textContent).toContain('recording was paused')
    expect(screen.getByRole('row', { name: /^Sum/ }).textContent).toMatch(/82\s*$/)
  })

  it('begins its days at four for whoever chose that', async () => {
    localStorage.setItem('vibetea.preferences', '{"dayStart":4}')
    page.close()
    page = new TestPage()
    localStorage.setItem('vibetea.preferences', '{"dayStart":4}')
    page.api.answers.heatmap = { ...ANSWER, aggregates: [at(MINE, '2026-11-20', 3, 9)] }
    await open()
    expect(asked().at(-1)!.get('dayStart')).toBe('4')
    const heads = screen.getAllByRole('columnheader').map(({ textContent }) => textContent)
    expect([heads[1], heads.at(-1)]).toEqual(['04', '03'])
    const [, yesterday] = screen.getAllByRole('row').reverse()
    expect(within(yesterday!).getByLabelText('20 Fri, 03:00–04:00: 9 events')).toBeTruthy()
  })
})

describe('of a team', () => {
  const together = () => screen.queryByRole('table', { name: /two or more people usually work/ })

  it('of which only the archive knows anything, its map is not called one’s own', async () => {
    page.api.answers.heatmap = {
      ...ANSWER,
      aggregates: [at(MINE, '2026-11-20', 7, 2), at('gone-jkmcpq', '2026-11-20', 7, 5)],
    }
    await open()
    expect(grids()).toEqual(['Whole team: events by day and hour', 'You: events by day and hour'])
  })

  it('there are two maps: of all of it, and one’s own; no other’s', async () => {
    team(BRUNO)
    page.api.answers.heatmap = {
      ...ANSWER,
      aggregates: [...ANSWER.aggregates, at(BRUNO, '2026-11-20', 7, 18)],
    }
    await open()
    expect(grids()).toEqual(['Whole team: events by day and hour', 'You: events by day and hour'])
    expect(cell('20 Fri, 07:00–08:00: 100 events')).toBeTruthy()
    expect(document.querySelector('main')!.textContent).not.toContain('Bruno')
    await fireEvent.click(cell('20 Fri, 07:00–08:00: 82 events'))
    expect(location.hash).toContain(`#/history?source=${MINE}&from=2026-11-20T07`)
  })

  it('the colours of each map are those of its own hours', async () => {
    team(BRUNO)
    page.api.answers.heatmap = {
      ...ANSWER,
      aggregates: [
        at(MINE, '2026-11-20', 7, 2),
        at(BRUNO, '2026-11-20', 6, 900),
        at(BRUNO, '2026-11-20', 5, 40),
      ],
    }
    await open()
    const legends = screen.getAllByRole('list', { name: 'Events an hour' })
    expect(
      legends.map((one) =>
        within(one)
          .getAllByRole('listitem')
          .map((item) => item.textContent),
      ),
    ).toEqual([
      ['none', '2–39', '40–899', '900'],
      ['none', '2'],
    ])
  })

  it('there are the hours at which people usually work together, as numbers without names', async () => {
    team(BRUNO)
    const days = ['2026-11-16', '2026-11-17', '2026-11-18', '2026-11-19']
    page.api.answers.heatmap = {
      ...ANSWER,
      aggregates: days.flatMap((date) => [
        at(MINE, date, 9, 5),
        at(MINE, date, 10, 5),
        at(BRUNO, date, 10, 1),
      ]),
    }
    await open()
    const hours = within(together()!)
      .getAllByRole('cell')
      .map(({ textContent }) => textContent)
    expect(hours.filter((text) => /\d people/.test(text.replace(/\s+/g, ' ')))).toHaveLength(1)
    expect(hours[10]!.replace(/\s+/g, '')).toBe('10:00:2people')
  })

  it('who is alone has one map, and nobody to work with', async () => {
    await open()
    expect(grids()).toEqual(['You: events by day and hour'])
    expect(together()).toBeNull()
  })
})

describe('the archive’s history', () => {
  it('is said to be loading, and is there by itself; what this machine has is there before', async () => {
    page.api.answers.heatmap = withHistory({ state: 'loading' })
    await open()
    expect(screen.getByText(/Loading the archive’s history/)).toBeTruthy()
    expect(cell('20 Fri, 07:00–08:00: 82 events')).toBeTruthy()
    page.api.answers.heatmap = {
      ...withHistory({ fetchedAt: new Date(NOW).toISOString() }),
      aggregates: [at(MINE, '2026-11-20', 7, 99)],
    }
    await page.settle(10)
    expect(cell('20 Fri, 07:00–08:00: 99 events')).toBeTruthy()
    expect(screen.getByText(/With the archive’s history of \d+ s ago/)).toBeTruthy()
  })

  it('that cannot be loaded is said so, with why, and tried again when wanted', async () => {
    const message = 'The archive refused the token (401). See that VIBETEA_SUBSCRIBER_TOKEN is right.'
    page.api.answers.heatmap = withHistory({ state: 'failed', message })
    await open()
    const alert = screen.getByRole('alert')
    expect(alert.textContent.replace(/\s+/g, ' ')).toContain(
      `Unable to load history. Showing what this machine has. ${message}`,
    )
    expect(cell('20 Fri, 07:00–08:00: 82 events')).toBeTruthy()
    expect(asked().some((params) => params.has('retry'))).toBe(false)
    page.api.answers.heatmap = withHistory({ fetchedAt: new Date(NOW).toISOString() })
    await fireEvent.click(within(alert).getByRole('button', { name: 'Retry' }))
    await page.settle()
    expect(asked().at(-1)!.get('retry')).toBe('1')
    expect(screen.queryByRole('alert')).toBeNull()
  })

  it('of before is shown where it cannot be loaded anew, with its age', async () => {
    const fetchedAt = new Date(NOW - 20 * 60_000).toISOString()
    page.api.answers.heatmap = withHistory({
      state: 'failed',
      fetchedAt,
      message: 'The archive answered 500.',
    })
    await open()
    expect(screen.getByRole('alert').textContent).toContain('the archive’s of 20 min ago')
    page.api.answers.heatmap = withHistory({ state: 'stale', fetchedAt })
    await page.settle(61)
    expect(screen.getByText(/history of 2\d min ago, which is being loaded anew/)).toBeTruthy()
  })

  it('tells how many events there were where this machine has none of them, and an hour’s list says so', async () => {
    page.api.answers.heatmap = withHistory({ fetchedAt: new Date(NOW).toISOString() })
    await open()
    page.api.answers.events = { events: [], next: null, prev: null }
    await fireEvent.click(cell('20 Fri, 07:00–08:00: 82 events'))
    await page.settle()
    expect(screen.getByText(/^The heat map counts 82 events: the archive tells how many/)).toBeTruthy()
    // It knows nothing of types, nor of other times.
    for (const more of ['&type=error', '&q=kettle', '&source=desk-cpqxot']) {
      await page.go(`#/history?from=2026-11-20T07:00:00.000Z&to=2026-11-20T08:00:00.000Z${more}`)
      expect(screen.queryByText(/the archive tells/)).toBeNull()
    }
    await page.go('#/history?from=2026-11-20T05:00:00.000Z&to=2026-11-20T06:00:00.000Z')
    expect(screen.getByText('Nothing matches these filters.')).toBeTruthy()
  })

  it('is not spoken of where there is no archive', async () => {
    await open()
    expect(document.querySelector('main')!.textContent).not.toContain('archive')
  })

  it('that is missing is said beside the small map of the live screen too', async () => {
    page.api.answers.heatmap = withHistory({ state: 'failed', message: 'The archive answered 500.' })
    await page.open([prompt(1)])
    expect(screen.getByText(/Without the archive’s history/)).toBeTruthy()
  })
})
