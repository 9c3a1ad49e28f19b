import type { EventRow } from '../../core/api.ts'
import { type ToolPayload, tokenSum } from '../../core/events.ts'
import { describe, type Line } from './describe.ts'
import { nameList } from './name-list.ts'
import { count, plural } from './time.ts'

/** Names of files that are said before the others are only counted. */
const NAMES = 2

/** Some rows of one burst in one line. `times` counts a call and its outcome as one. */
export interface BurstLine extends Line {
  times: number
}

/** What the rows of a burst say together: `Edit`, `schema.sql, invite.ts and 3 more`, `1 failed`. */
export function describeBurst(rows: readonly EventRow[]): BurstLine {
  const last = rows.at(-1)!
  if (last.eventType === 'tool') return describeCalls(rows)
  const line: BurstLine = { ...describe(last), times: rows.length }
  const details = rows.map((row) => describe(row).detail ?? '').filter(Boolean)
  if (details.length) line.detail = latestFirst(details)
  if (last.eventType === 'activity') {
    const tokens = rows.reduce(
      (sum, { payload }) => sum + ('tokens' in payload ? tokenSum(payload.tokens) : 0),
      0,
    )
    line.main = plural(tokens, 'token')
  }
  return line
}

function describeCalls(rows: readonly EventRow[]): BurstLine {
  const calls = new Map<string, EventRow>()
  for (const row of rows) {
    if (row.eventType !== 'tool') continue
    const known = calls.get(row.payload.callId)
    if (known && row.payload.status === 'started') continue
    calls.set(row.payload.callId, row)
  }
  const latest = [...calls.values()]
  if (latest.length === 1) return { ...describe(latest[0]!), times: 1 }
  const payloads = latest.map(({ payload }) => payload as ToolPayload)
  const having = (status: ToolPayload['status']) => payloads.filter((call) => call.status === status).length
  const [failed, running, unknown] = [having('failed'), having('started'), having('unknown')]
  const outcomes = [
    failed && `${count(failed)} failed`,
    running && `${count(running)} running`,
    unknown && `${count(unknown)} of unknown outcome`,
  ].filter(Boolean)
  const files = payloads.flatMap(({ context }) => context ?? [])
  return {
    main: payloads[0]!.tool,
    times: payloads.length,
    after: outcomes.join(', ') || 'completed',
    ...(files.length && { detail: latestFirst(files) }),
    ...(failed && { tone: 'error' as const }),
  }
}

const latestFirst = (names: readonly string[]): string => nameList([...names].reverse(), NAMES)
