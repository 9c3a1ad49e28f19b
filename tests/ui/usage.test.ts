import { fireEvent, screen, within } from '@testing-library/svelte'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { StatsAnswer, StatsBy, StatsRow } from '../../core/api.ts'
import { noTokens } from '../../core/totals.ts'
import { costOf, costOfAll } from '../../ui/lib/prices.ts'
import { axisEnd, costText, dayBars, dollarText, sumOf } from '../../ui/lib/usage.ts'
import { TestPage } from './page.ts'
import { memberRow, sessionRow, STATUS, statsAnswer } from './support.ts'

const MILLION = { input: 1_000_000, output: 1_000_000, cacheRead: 1_000_000, cacheWrite: 1_000_000 }

function row(key: string, change: Partial<StatsRow> = {}): StatsRow {
  const counts = { events: 1, tools: 0, failures: 0, responses: 0, prompts: 0, errors: 0 }
  return { key, ...counts, tokens: noTokens(), models: [], ...change }
}

describe('what tokens cost', () => {
  test('is told by the price of each kind of token', () => {
    expect(costOf('claude-opus-4-6', MILLION)).toBeCloseTo(5 + 25 + 0.5 + 6.25)
    expect(costOf('gpt-5-codex', { ...noTokens(), input: 4_000_000, cacheRead: 8_000_000 })).toBeCloseTo(6)
  })

  test('is that of the model whose dated edition it was', () => {
    expect(costOf('claude-haiku-4-5-20251001', MILLION)).toBe(costOf('claude-haiku-4-5', MILLION))
    expect(costOf('gpt-5.2-2025-12-11', MILLION)).toBe(costOf('gpt-5.2', MILLION))
  })

  test.each([
    'claude-opus',
    'claude-opus-4-6-fast',
    'claude-opus-4-6-20259999',
    'anthropic/claude-opus-4-6',
    'Claude-Opus-4-6',
    'gpt-5-nano',
    'toString',
    '__proto__',
    '<synthetic>',
    '',
  ])('is not told of a model that is only like a known one: %s', (model) => {
    expect(costOf(model, MILLION)).toBeNull()
  })

  test('is told in part where some models are not known, and not at all where none is', () => {
    const [known, other] = [
      { model: 'gpt-5', tokens: MILLION },
      { model: 'house-blend', tokens: MILLION },
    ]
    expect(costText(costOfAll([known, other]))).toBe('$12.63, in part')
    expect(costOfAll([known, other]).unknown).toEqual(['house-blend'])
    expect(costText(costOfAll([other]))).toBe('no price')
    expect(costText(costOfAll([]))).toBe('$0.00')
    // Responses without tokens, as of errors, cost nothing with any model.
    expect(costText(costOfAll([{ model: '<synthetic>', tokens: noTokens() }]))).toBe('$0.00')
  })

  test('is written in dollars', () => {
    expect([0.001, 0.5, 12.345, 1204.4].map(dollarText)).toEqual(['< $0.01', '$0.50', '$12.35', '$1,204'])
  })
})

test('each of the days has a bar, also those on which nothing was done', () => {
  const rows = [row('2026-11-18', { tokens: MILLION, tools: 3 }), row('2026-11-20', { tools: 1 })]
  const days = { today: '2026-11-20', days: 3 }
  expect(dayBars(rows, { ...days, measure: 'tokens' })).toEqual([
    { date: '2026-11-18', value: 4_000_000, text: '4M tokens' },
    { date: '2026-11-19', value: 0, text: 'nothing' },
    { date: '2026-11-20', value: 0, text: '0 tokens' },
  ])
  expect(dayBars(rows, { ...days, measure: 'tools' }).map(({ text }) => text)).toEqual([
    '3 tools',
    'nothing',
    '1 tools',
  ])
})

test('an axis ends at a round number', () => {
  expect([0, 0.3, 1, 7, 10, 4_100_000].map(axisEnd)).toEqual([1, 0.5, 1, 10, 10, 5_000_000])
})

test('sums are of all rows, with the tokens of each model', () => {
  const models = [{ model: 'gpt-5', tokens: MILLION }]
  const sum = sumOf([row('a', { tools: 2, tokens: MILLION, models }), row('b', { tokens: MILLION, models })])
  expect(sum).toMatchObject({ events: 2, tools: 2, tokens: { output: 2_000_000 } })
  expect(sum.models).toEqual([
    {
      model: 'gpt-5',
      tokens: {
        ...MILLION,
        input: 2_000_000,
        output: 2_000_000,
        cacheRead: 2_000_000,
        cacheWrite: 2_000_000,
      },
    },
  ])
  // The rows are as they were.
  expect(models[0]!.tokens.input).toBe(1_000_000)
})

describe('the usage screen', () => {
  let page: TestPage

  const models = [
    { model: 'claude-opus-4-6', tokens: MILLION },
    { model: 'house-blend', tokens: MILLION },
  ]
  const tokens = { input: 2_000_000, output: 2_000_000, cacheRead: 2_000_000, cacheWrite: 2_000_000 }
  const all = { events: 9, prompts: 2, responses: 4, tools: 3, failures: 1, tokens, models }
  const rows: Record<StatsBy, StatsRow[]> = {
    day: [row('2026-11-20', all)],
    project: [row('infra', { prompts: 1 }), row('web-app', all)],
    assistant: [row('claude', all)],
    model: models.map(({ model, tokens }) =>
      row(model, { responses: 2, tokens, models: [{ model, tokens }] }),
    ),
    tool: [row('Bash', { tools: 2, failures: 1 }), row('Edit', { tools: 1 })],
    source: [],
  }

  beforeEach(() => {
    page = new TestPage()
    page.api.instead.stats = (params) => {
      const by = params.get('by') as StatsBy
      const days = Number(params.get('days'))
      const answer: StatsAnswer = statsAnswer({ by, days, sessions: 5, rows: rows[by] })
      return Promise.resolve(Response.json(answer))
    }
  })

  afterEach(() => page.close())

  const cells = (name: string) =>
    within(screen.getByRole('table', { name }))
      .getAllByRole('row')
      .slice(1)
      .map((each) =>
        [...each.children].map(({ textContent }) => textContent.trim().replace(/\s+/g, ' ')).join(' | '),
      )

  test('tells what was used, by project, model, assistant and tool, and what it cost as far as that is known', async () => {
    await page.open()
    await page.go('#/usage')
    expect(cells('Projects')).toEqual([
      'infra | 1 | 0 | 0 | 0 | 0 | $0.00',
      'web-app | 2 | 4 | 3 | 1 | 8M | $36.75, in part',
    ])
    expect(cells('Models')).toEqual([
      'claude-opus-4-6 | 2 | 1M | 1M | 1M | 1M | $36.75',
      'house-blend | 2 | 1M | 1M | 1M | 1M | no price',
    ])
    expect(cells('Assistants')).toEqual(['Claude Code | 2 | 4 | 3 | 1 | 8M | $36.75, in part'])
    expect(cells('Tools')).toEqual(['Bash | 2 | 1', 'Edit | 1 | 0'])
    expect(screen.getByText(/list prices of 24 Oct 2026/).textContent).toContain(
      'No price is known for house-blend',
    )
    const chart = screen.getByRole('img', { name: /^Tokens by day/ })
    expect(chart.getAttribute('aria-label')).toContain('The most on 20 Fri: 8M tokens.')
  })

  test('draws a hundred of thousands of projects, by name, and all of them when asked to', async () => {
    const names = Array.from({ length: 400 }, (_, i) => `service-${String(i).padStart(4, '0')}`)
    // The last by name has the most.
    const many = names.map((name, i) => row(name, { tools: i }))
    const answered = page.api.instead.stats!
    page.api.instead.stats = (params) =>
      params.get('by') === 'project'
        ? Promise.resolve(Response.json(statsAnswer({ by: 'project', rows: many })))
        : answered(params)
    await page.open()
    await page.go('#/usage')
    const shown = () => cells('Projects').map((line) => line.split(' | ')[0])
    expect(shown()).toEqual(names.slice(0, 100))
    const button = screen.getByRole('button', { name: /^Show all/ })
    expect(button.textContent).toBe('Show all 400')
    await fireEvent.click(button)
    expect(shown()).toEqual(names)
    expect(screen.queryByRole('button', { name: /^Show all/ })).toBeNull()
    expect(document.activeElement).toBe(screen.getByRole('region', { name: 'Projects' }))
  })

  test('asks for the days and the person that are chosen, and is a link', async () => {
    page.api.answers.members = {
      members: [memberRow({ isSelf: true }), memberRow({ source: 'moka-ybndrf' })],
    }
    page.api.answers.sessions = {
      sessions: [sessionRow(), sessionRow({ sessionId: 'x', source: 'moka-ybndrf' })],
    }
    await page.open()
    await page.go('#/usage')
    await fireEvent.click(screen.getByRole('button', { name: '30 days' }))
    await fireEvent.click(screen.getByRole('button', { name: 'Mine' }))
    await page.settle()
    expect(location.hash).toBe('#/usage?days=30&whose=mine')
    const asked = page.api.asked.filter(({ path }) => path === 'stats').slice(-5)
    expect(asked.map(({ params }) => params.get('by'))).toEqual([
      'day',
      'project',
      'model',
      'assistant',
      'tool',
    ])
    for (const { params } of asked) {
      expect(Object.fromEntries(params)).toMatchObject({
        days: '30',
        source: STATUS.node.source,
        dayStart: '0',
        tz: Intl.DateTimeFormat().resolvedOptions().timeZone,
      })
    }
    const project = screen.getByRole('link', { name: 'web-app' }).getAttribute('href')!
    expect(project).toContain('#/history?')
    expect(project).toContain('project=web-app')
    expect(project).toContain(`source=${STATUS.node.source}`)
  })

  test('shows what the chart is asked to show', async () => {
    await page.open()
    await page.go('#/usage?show=cost')
    const chart = screen.getByRole('img', { name: /^Estimated cost by day/ })
    expect(chart.getAttribute('aria-label')).toContain('$36.75, in part')
  })

  test('says that nothing was used, and what is counted', async () => {
    page.api.instead.stats = () => Promise.resolve(Response.json(statsAnswer()))
    await page.open()
    await page.go('#/usage?days=1')
    expect(screen.getByText('Nothing was used in this time.')).toBeTruthy()
  })

  test('the sums of today are those since the day began', async () => {
    const counted = row('laptop-ybndrf', { events: 4812, tokens: { ...noTokens(), input: 6_100_000 } })
    page.api.instead.stats = () =>
      Promise.resolve(Response.json(statsAnswer({ sessions: 5, rows: [counted] })))
    await page.open()
    const today = within(screen.getByRole('region', { name: 'Today' }))
    expect(today.getByText('4,812')).toBeTruthy()
    expect(today.getByText('5')).toBeTruthy()
    expect(today.getByText('6.1M')).toBeTruthy()
    const asked = page.api.asked.findLast(({ path }) => path === 'stats')!
    expect(asked.params.get('days')).toBe('1')
    expect(asked.params.get('dayStart')).toBe('0')
  })
})
