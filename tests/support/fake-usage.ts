import type { StatsAnswer, StatsRow } from '../../core/api.ts'
import { BUCKET_MS, compare, dayOf, daysBefore, localHours } from '../../core/buckets.ts'
import type { Assistant, Event } from '../../core/events.ts'
import { addTokens, addTotals, count, type Counted, emptyTotals, noTokens } from '../../core/totals.ts'
import type { StatsQuery } from '../../node/api/backend.ts'
import { type Person, randomFrom } from './fake-world.ts'

/** What was counted at a time under some names; `model` and `tool` are '' where there is none. */
interface Cell {
  at: number
  source: string
  project: string
  assistant: Assistant
  model: string
  tool: string
  events: number
  responses: number
  totals: Counted
}

/** Counts of events and of what went before them, as the node answers them. */
export function fakeStats(
  { by, days, timeZone = 'UTC', dayStart, source }: StatsQuery,
  events: readonly Event[],
  history: readonly Cell[],
  now: number,
): StatsAnswer {
  const dateOf = daysIn(timeZone, dayStart)
  const today = dateOf(now)
  const first = daysBefore(today, days - 1)
  const rows = new Map<string, StatsRow>()
  const sessions = new Set<string>()
  const isCounted = (at: number, from: string) =>
    dateOf(at) >= first && dateOf(at) <= today && (source?.includes(from) ?? true)
  for (const { timestamp, source: from, payload } of events) {
    if (isCounted(Date.parse(timestamp), from)) sessions.add(payload.sessionId)
  }
  for (const cell of [...history, ...events.map(cellOf)]) {
    const key = by === 'day' ? dateOf(cell.at) : cell[by]
    if (key === '' || !isCounted(cell.at, cell.source)) continue
    const row = rows.get(key) ?? emptyRow(key)
    rows.set(key, row)
    row.events += cell.events
    row.responses += cell.responses
    addTotals(row, cell.totals)
    if (by === 'tool' || cell.model === '') continue
    const known = row.models.find(({ model }) => model === cell.model)
    if (known) addTokens(known.tokens, cell.totals.tokens)
    else row.models.push({ model: cell.model, tokens: { ...cell.totals.tokens } })
  }
  for (const { models } of rows.values()) models.sort((a, b) => compare(a.model, b.model))
  return {
    by,
    days,
    from: startOf(first, dateOf),
    to: startOf(daysBefore(today, -1), dateOf),
    sessions: sessions.size,
    rows: [...rows.values()].sort((a, b) => compare(a.key, b.key)),
  }
}

function daysIn(timeZone: string, dayStart: number): (ms: number) => string {
  const toLocal = localHours(timeZone)
  return (ms) => dayOf(toLocal(ms), dayStart)
}

/** RFC 3339 UTC. */
function startOf(date: string, dateOf: (ms: number) => string): string {
  let ms = Date.parse(`${date}T00:00:00Z`) - 16 * 3_600_000
  while (dateOf(ms) < date) ms += BUCKET_MS
  return new Date(ms).toISOString()
}

function emptyRow(key: string): StatsRow {
  return { key, events: 0, responses: 0, ...emptyTotals(), models: [] }
}

function cellOf(event: Event): Cell {
  const { source, timestamp, payload } = event
  const totals = emptyTotals()
  count(totals, event)
  return {
    at: Date.parse(timestamp),
    source,
    project: payload.project,
    assistant: payload.assistant,
    model: 'model' in payload ? payload.model : '',
    tool: 'tool' in payload ? payload.tool : '',
    events: 1,
    responses: 'model' in payload ? 1 : 0,
    totals,
  }
}

const MODELS: readonly [Assistant, string][] = [
  ['claude', 'claude-opus-4-5-20251101'],
  ['claude', 'claude-haiku-4-5-20251001'],
  ['codex', 'gpt-5-codex'],
]
const TOOLS = ['Bash', 'Edit', 'Grep', 'Read']

/** A month of working days before today: responses of some models, and tools of which few fail. */
export function usageHistory(people: readonly Person[], now: number): Cell[] {
  const random = randomFrom(11)
  const noon = Math.floor(now / 86_400_000) * 86_400_000 + 43_200_000
  const upTo = (most: number) => Math.floor(random() * most)
  return Array.from({ length: 29 }, (_, i) => noon - (i + 1) * 86_400_000).flatMap((at) => {
    const share = new Date(at).getUTCDay() % 6 === 0 ? 0.1 : 1
    return people.flatMap(({ source, projects }) => {
      const [assistant, model] = MODELS[upTo(MODELS.length)]!
      const responses = upTo(90 * share)
      const head = { at, source, project: projects[upTo(projects.length)]!, assistant }
      const tokens = {
        input: responses * upTo(900),
        output: responses * upTo(2500),
        cacheRead: responses * upTo(60_000),
        cacheWrite: responses * upTo(4000),
      }
      const answered = { ...emptyTotals(), prompts: Math.ceil(responses / 9), tokens }
      const used = TOOLS.map((tool): Cell => {
        const tools = upTo(60 * share)
        const totals = { ...emptyTotals(), tools, failures: Math.floor(tools / 20), tokens: noTokens() }
        return { ...head, model: '', tool, events: tools * 2, responses: 0, totals }
      })
      return [{ ...head, model, tool: '', events: responses, responses, totals: answered }, ...used]
    })
  })
}
