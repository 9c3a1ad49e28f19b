import type { StatsRow } from '../../core/api.ts'
import { compare, daysBefore } from '../../core/buckets.ts'
import { type Tokens, tokenSum } from '../../core/events.ts'
import { addTokens, noTokens } from '../../core/totals.ts'
import { type Cost, costOfAll } from './prices.ts'
import { count, short } from './time.ts'

/** What a chart of days can show. */
export const MEASURES = ['tokens', 'cost', 'responses', 'tools'] as const
export type Measure = (typeof MEASURES)[number]

/** What a table can show of its rows beside their names. */
export type UsageColumn = 'prompts' | 'responses' | 'tools' | 'failures' | 'tokens' | keyof Tokens | 'cost'

/** Counts of all rows together. */
export function sumOf(rows: readonly StatsRow[]): StatsRow {
  const sum: StatsRow = {
    key: '',
    events: 0,
    tools: 0,
    failures: 0,
    responses: 0,
    prompts: 0,
    errors: 0,
    tokens: noTokens(),
    models: [],
  }
  for (const row of rows) {
    for (const name of ['events', 'tools', 'failures', 'responses', 'prompts', 'errors'] as const) {
      sum[name] += row[name]
    }
    addTokens(sum.tokens, row.tokens)
    for (const { model, tokens } of row.models) {
      let known = sum.models.find((each) => each.model === model)
      if (!known) sum.models.push((known = { model, tokens: noTokens() }))
      addTokens(known.tokens, tokens)
    }
  }
  sum.models.sort((a, b) => compare(a.model, b.model))
  return sum
}

/** One bar of the chart. */
export interface DayBar {
  /** `2026-11-20`. */
  date: string
  value: number
  /** `6.1M tokens`, `$12.30`. */
  text: string
}

/** A bar for each of the `days` days that end with `today`, also for those on which nothing was done. */
export function dayBars(
  rows: readonly StatsRow[],
  { today, days, measure }: { today: string; days: number; measure: Measure },
): DayBar[] {
  const byDate = new Map(rows.map((row) => [row.key, row]))
  return Array.from({ length: days }, (_, i) => {
    const date = daysBefore(today, days - 1 - i)
    const row = byDate.get(date)
    if (!row) return { date, value: 0, text: 'nothing' }
    return { date, ...measured(row, measure) }
  })
}

function measured(row: StatsRow, measure: Measure): { value: number; text: string } {
  switch (measure) {
    case 'tokens': {
      const value = tokenSum(row.tokens)
      return { value, text: `${short(value)} tokens` }
    }
    case 'cost': {
      const cost = costOfAll(row.models)
      return { value: cost.usd ?? 0, text: costText(cost) }
    }
    default:
      return { value: row[measure], text: `${count(row[measure])} ${measure}` }
  }
}

/** The least of 1, 2 and 5 times a power of ten that is not below `most`: where the axis of a chart ends. */
export function axisEnd(most: number): number {
  if (most <= 0) return 1
  const power = 10 ** Math.floor(Math.log10(most))
  return [1, 2, 5, 10].map((factor) => factor * power).find((end) => end >= most)!
}

const dollars = new Intl.NumberFormat('en', { style: 'currency', currency: 'USD' })
const wholeDollars = new Intl.NumberFormat('en', {
  style: 'currency',
  currency: 'USD',
  maximumFractionDigits: 0,
})

/** `$12.30`, `$1,204`, `< $0.01`. */
export function dollarText(usd: number): string {
  if (usd > 0 && usd < 0.01) return '< $0.01'
  return (usd < 1000 ? dollars : wholeDollars).format(usd)
}

/** `$12.30`; `$12.30, in part` where some models have no known price; `no price` where none has. */
export function costText({ usd, unknown }: Cost): string {
  if (usd === null || (usd === 0 && unknown.length)) return 'no price'
  return unknown.length ? `${dollarText(usd)}, in part` : dollarText(usd)
}
