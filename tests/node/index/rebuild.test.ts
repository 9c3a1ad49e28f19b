import fc from 'fast-check'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { EventRow, SessionRow, StatsBy, StatsRow } from '../../../core/api.ts'
import { STATS_BY } from '../../../core/api.ts'
import { bucketOf, byLocalHour, compare, localHours } from '../../../core/buckets.ts'
import type { Event } from '../../../core/events.ts'
import { weight } from '../../../core/events.ts'
import { handleOf } from '../../../core/handle.ts'
import type { SessionClock } from '../../../core/sessions.ts'
import { advance, NO_CLOCK, statusAt } from '../../../core/sessions.ts'
import {
  agent,
  failure,
  MemoryLog,
  MINUTE,
  OTHER_SESSION,
  prompt,
  response,
  SESSION,
  session,
  temporaryDirectory,
  TestIndex,
  tool,
  waiting,
} from './support.ts'

const SOURCES = ['macbook-k3f9xq', 'studio-h8ybnd']
const LOGS = [
  ['private', SOURCES[0]!],
  ['team', SOURCES[0]!],
  ['peer', SOURCES[1]!],
] as const

/** Few ids, so that many come again; a time up to two hours back and, wrongly, half an hour ahead. */
const head = (source: string) =>
  fc.record({
    id: fc.integer({ min: 0, max: 40 }).map((n) => `evt_${String(n).padStart(20, 'k')}`),
    source: fc.constant(source),
    at: fc.integer({ min: -120, max: 30 }),
    session: fc.constantFrom(SESSION, OTHER_SESSION),
    project: fc.constantFrom('vibetea', 'kettle'),
    projectTag: fc.constantFrom('ybndrfg8ejkm', 'cpqxot1uwisz'),
    assistant: fc.constantFrom('claude' as const, 'codex' as const),
  })

const anyEvent = (source: string): fc.Arbitrary<Event> =>
  fc.oneof(
    head(source).map(prompt),
    fc.tuple(head(source), fc.integer({ min: 0, max: 5 })).map(([at, output]) =>
      response({ ...at, tokens: { input: 1, output }, model: `model-${output % 2}` }),
    ),
    fc.tuple(head(source), fc.constantFrom('turn', 'permission', 'unknown')).map(([at, reason]) => waiting(reason, at)),
    fc.tuple(head(source), fc.constantFrom('started', 'ended')).map(([at, action]) => session(action, at)),
    fc.tuple(head(source), fc.constantFrom('started', 'failed'), fc.constantFrom('Edit', 'Bash')).map(
      ([at, status, name]) => tool(name, { ...at, status, context: 'invite.ts', fileTag: 'ybndrfg8ejkm' }),
    ),
    head(source).map((at) => failure('overloaded', at)),
    head(source).map((at) => agent('Explore', at)),
  ) // prettier-ignore

interface Step {
  log: number
  events: Event[]
  /** Minutes that pass before. */
  wait: number
  /** The node stops and starts again after this step; the file may be gone meanwhile. */
  restart: 'no' | 'yes' | 'deleted'
  /** Which log joins late when the node starts again. */
  late: number
  /** Whether the index catches up before the next step. */
  catchesUp: boolean
  /** Blocks of this log are cleared, so many of ten. */
  clears: number
}

const anyStep: fc.Arbitrary<Step> = fc.integer({ min: 0, max: 2 }).chain((log) =>
  fc.record({
    log: fc.constant(log),
    events: fc.array(anyEvent(LOGS[log]![1]), { maxLength: 6 }),
    wait: fc.constantFrom(0, 0, 1),
    restart: fc.constantFrom('no', 'no', 'no', 'yes', 'deleted'),
    late: fc.integer({ min: 0, max: 3 }),
    catchesUp: fc.boolean(),
    clears: fc.constantFrom(0, 0, 0, 3, 7),
  }),
)

interface Answers {
  feed: EventRow[]
  byTime: EventRow[]
  stats: Record<StatsBy, StatsRow[]>
  heatmap: unknown
  sessions: SessionRow[]
  found: string[]
}

async function answersOf({ index }: TestIndex): Promise<Answers> {
  const stats = {} as Record<StatsBy, StatsRow[]>
  for (const by of STATS_BY) stats[by] = (await index.stats(by, 30)).rows
  const found = await index.events({ limit: 1000, order: 'arrival', q: 'invite edit' })
  return {
    feed: (await index.events({ limit: 1000, order: 'arrival' })).events,
    byTime: (await index.events({ limit: 1000, order: 'time' })).events,
    stats,
    heatmap: (await index.heatmap({ days: 7, timeZone: 'Asia/Kathmandu' })).aggregates,
    sessions: (await index.sessions({ from: 0 })).sort((a, b) => compare(keyOf(a), keyOf(b))),
    found: found.events.map(({ cursor }) => cursor),
  }
}

const keyOf = ({ source, sessionId }: SessionRow) => `${source} ${sessionId}`

interface Kept {
  row: number
  receivedAt: number
  event: Event
  at: number
}

/** The same answers by plain recomputation from the logs and the order of arrival. */
function recomputed({ arrivals, now }: TestIndex, logs: readonly MemoryLog[]): Answers {
  const kept = new Map<string, Kept>()
  for (const { number, core, seq, blocks, receivedAt } of arrivals.ranges) {
    const log = logs.find((other) => other.core === core)!
    for (let i = Math.max(seq, log.floor); i < seq + blocks; i++) {
      log.blocks[i]!.forEach((event, place) => {
        const key = event.source + event.id
        const before = kept.get(key)
        if (before && weight(event) > weight(before.event)) before.event = event
        if (!before) kept.set(key, { row: (number + i - seq) * 512 + place, receivedAt, event, at: 0 })
      })
    }
  }
  const all = [...kept.values()].sort((a, b) => a.row - b.row)
  for (const entry of all) {
    entry.at = Math.min(Date.parse(entry.event.timestamp), entry.receivedAt + 10 * MINUTE)
  }
  const rowOf = ({ row, receivedAt, event }: Kept): EventRow => ({
    ...event,
    cursor: `${arrivals.orderId}.${row.toString(36)}`,
    receivedAt: new Date(receivedAt).toISOString(),
  })
  const sum = (entries: Kept[]) => {
    const count = (holds: (event: Event) => boolean) => entries.filter(({ event }) => holds(event)).length
    const tokens = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 }
    for (const { event } of entries) {
      if ('tokens' in event.payload) {
        for (const name of Object.keys(tokens) as (keyof typeof tokens)[])
          tokens[name] += event.payload.tokens[name]
      }
    }
    return {
      events: entries.length,
      tools: count(({ payload }) => 'status' in payload && payload.status === 'started'),
      failures: count(({ payload }) => 'status' in payload && payload.status === 'failed'),
      responses: count(({ payload }) => 'kind' in payload && payload.kind === 'response'),
      prompts: count(({ payload }) => 'kind' in payload && payload.kind === 'prompt'),
      errors: count(({ eventType }) => eventType === 'error'),
      tokens,
    }
  }
  const grouped = (key: (event: Event) => string | undefined): Map<string, Kept[]> => {
    const groups = new Map<string, Kept[]>()
    for (const entry of all) {
      const name = key(entry.event)
      if (name !== undefined) groups.set(name, [...(groups.get(name) ?? []), entry])
    }
    return groups
  }
  const rows = (key: (event: Event) => string | undefined): StatsRow[] =>
    [...grouped(key)]
      .map(([name, entries]) => ({ key: name, ...sum(entries) }))
      .sort((a, b) => compare(a.key, b.key))
  const buckets = all.map(({ event, at }) => ({ source: event.source, bucket: bucketOf(at), count: 1 }))
  return {
    feed: all.map(rowOf).reverse(),
    byTime: [...all].sort((a, b) => b.at - a.at || b.row - a.row).map(rowOf),
    stats: {
      source: rows(({ source }) => source),
      project: rows(({ payload }) => payload.project),
      assistant: rows(({ payload }) => payload.assistant),
      model: rows(({ payload }) => ('model' in payload ? payload.model : undefined)),
      tool: rows(({ payload }) => ('tool' in payload ? payload.tool : undefined)),
    },
    heatmap: byLocalHour(buckets, localHours('Asia/Kathmandu'), now, 7),
    sessions: [...grouped(({ source, payload }) => `${source} ${payload.sessionId}`)]
      .sort(([a], [b]) => compare(a, b))
      .map(([, entries]) => plainSession(entries, now, sum(entries))),
    found: all
      .filter(({ event }) => 'tool' in event.payload && event.payload.tool === 'Edit')
      .map((entry) => rowOf(entry).cursor)
      .reverse(),
  }
}

function plainSession(entries: Kept[], now: number, counts: Omit<StatsRow, 'key'>): SessionRow {
  const iso = (ms: number) => new Date(ms).toISOString()
  const byTime = [...entries].sort((a, b) => a.at - b.at || a.row - b.row)
  const [first, last] = [byTime[0]!, byTime.at(-1)!]
  const clock = entries.reduce<SessionClock>(
    (before, { event, at }) => advance(before, { ...event, timestamp: iso(at) }),
    NO_CLOCK,
  )
  const status = statusAt({ ...clock, lastAt: clock.lastAt || first.at }, now)
  const shown = byTime.findLast(({ event }) => event.eventType === 'tool' || event.eventType === 'activity')
  const step = (at: number) => Math.floor(at / (5 * MINUTE))
  const firstStep = step(byTime.find(({ at }) => step(last.at) - step(at) < 48)!.at)
  const density = Array.from({ length: step(last.at) - firstStep + 1 }, (_, i) => {
    return entries.filter(({ at }) => step(at) === firstStep + i).length
  })
  const { prompts, tools, failures, errors, tokens } = counts
  const { payload, source } = last.event
  return {
    sessionId: payload.sessionId,
    source,
    handle: handleOf(payload.sessionId),
    project: payload.project,
    projectTag: payload.projectTag!,
    assistant: payload.assistant,
    state: status.state,
    needs: status.needs,
    needsSince: status.needsSince === null ? null : iso(status.needsSince),
    startedAt: iso(first.at),
    lastEventAt: iso(last.at),
    endedAt: status.endedAt === null ? null : iso(status.endedAt),
    totals: { prompts, tools, failures, errors, tokens, durationMs: last.at - first.at },
    last: shown
      ? {
          eventType: shown.event.eventType,
          ...('tool' in shown.event.payload && { tool: shown.event.payload.tool, context: 'invite.ts' }),
        }
      : null,
    density: { from: iso(firstStep * 5 * MINUTE), stepMs: 5 * MINUTE, counts: density },
  }
}

async function play(steps: readonly Step[]): Promise<void> {
  const test = new TestIndex(join(await temporaryDirectory(), 'index.db'))
  const logs = LOGS.map(([core, source]) => new MemoryLog(core, source))
  const start = async (late?: MemoryLog) => {
    await test.open()
    for (const log of logs) if (log !== late) test.index.follow(log)
    if (!late) return
    await test.index.caughtUp()
    test.index.follow(late)
  }
  await start()
  try {
    for (const { log, events, wait, restart, late, catchesUp, clears } of steps) {
      test.now += wait * MINUTE
      logs[log]!.append(...events)
      if (catchesUp) await test.index.caughtUp()
      if (clears > 0) {
        await test.index.caughtUp()
        const floor = Math.max(logs[log]!.floor, Math.floor((logs[log]!.length * clears) / 10))
        logs[log]!.floor = floor
        await test.index.prune(logs[log]!.core, floor)
      }
      if (restart === 'no') continue
      await test.index.close()
      if (restart === 'deleted') await rm(test.path)
      await start(logs[late])
    }
    await test.index.caughtUp()
    const answers = await answersOf(test)
    expect(answers).toEqual(recomputed(test, logs))

    await test.index.close()
    await rm(test.path)
    await start()
    await test.index.caughtUp()
    expect(JSON.stringify(await answersOf(test))).toBe(JSON.stringify(answers))
  } finally {
    await test.index.close()
  }
}

test('an index answers what its logs say, however they came, and the same after it was deleted', async () => {
  const seed = Number(process.env.VIBETEA_SEED ?? Date.now() % 2 ** 31)
  process.stdout.write(`seed ${seed}\n`)
  await fc.assert(fc.asyncProperty(fc.array(anyStep, { minLength: 1, maxLength: 25 }), play), {
    seed,
    numRuns: 40,
  })
}, 120_000)
