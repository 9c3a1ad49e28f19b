import fc from 'fast-check'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { SessionRow } from '../../../core/api.ts'
import { STATS_BY } from '../../../core/api.ts'
import { compare } from '../../../core/buckets.ts'
import type { Event } from '../../../core/events.ts'
import type { Answers } from './recomputation.ts'
import { recomputed, ZONE } from './recomputation.ts'
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

async function answersOf({ index }: TestIndex): Promise<Answers> {
  const stats = {} as Answers['stats']
  for (const by of STATS_BY) stats[by] = (await index.stats({ by, days: 30, timeZone: ZONE })).rows
  const found = await index.events({ limit: 1000, order: 'arrival', q: 'invite edit' })
  return {
    feed: (await index.events({ limit: 1000, order: 'arrival' })).events,
    byTime: (await index.events({ limit: 1000, order: 'time' })).events,
    stats,
    heatmap: (await index.heatmap({ days: 7, timeZone: ZONE })).aggregates,
    sessions: (await index.sessions({ from: 0 })).sort((a, b) => compare(keyOf(a), keyOf(b))),
    found: found.events.map(({ cursor }) => cursor),
  }
}

const keyOf = ({ source, sessionId }: SessionRow) => `${source} ${sessionId}`

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

test('a thousand events that came at once, many of them again, are indexed as if they had come one by one', async () => {
  const times = (i: number) => ({ session: i % 2 ? SESSION : OTHER_SESSION, at: -(i % 90) })
  const events = Array.from({ length: 2000 }, (_, i) =>
    response({
      ...times(i % 900),
      id: `evt_${String(i % 900).padStart(20, 'k')}`,
      tokens: { output: i % 7 },
    }),
  )
  const steps = Array.from({ length: 5 }, (_, i): Step => {
    const block = events.slice(i * 400, (i + 1) * 400)
    return { log: i % 2, events: block, wait: 0, restart: 'no', late: 3, catchesUp: i === 3, clears: 0 }
  })
  await play(steps)
})
