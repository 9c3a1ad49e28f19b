import { join } from 'node:path'
import { hostname } from 'node:os'
import type { Event } from '../../core/events.ts'
import type { Draft } from '../../core/rule.ts'
import { startApi } from '../../node/api/server.ts'
import { Tokens } from '../../node/api/tokens.ts'
import { NodeBackend } from '../../node/backend.ts'
import { projectsOf, ruleOf, TagKeys } from '../../node/device.ts'
import { createLogger } from '../../node/home/logger.ts'
import { readSettings } from '../../node/home/settings.ts'
import { Batcher } from '../../node/log/batcher.ts'
import { OwnEventLog } from '../../node/log/own-event-log.ts'
import { OwnLog } from '../../node/log/own-log.ts'
import { Membership } from '../../node/membership.ts'
import { recordedIn } from '../../node/recorded.ts'
import { ADAPTERS } from '../../node/sources/adapters.ts'
import { Recorder } from '../../node/sources/recorder.ts'
import { Sources } from '../../node/sources/sources.ts'
import { openStores } from '../../node/stores.ts'
import { systemTimers } from '../../node/system-timers.ts'
import type { Machine } from './processes.ts'
import { random } from './team-parts.ts'

/**
 * The process of a whole node that tells when each line passes each place. A line is known by its millisecond. The
 * times are of the system's monotonic clock, which all processes share.
 */

export interface NodeTask {
  machine: Machine
  /** ms since 1970: the line of number 0. */
  startedAt: number
}

/** Where a line passes: on its author's node, then on the teammate's. */
export type Place = 'read' | 'stored' | 'shared' | 'came' | 'opened' | 'indexed'
export type Marks = Partial<Record<Place, number>>

export interface NodeReady {
  url: string
  token: string
}

/** ms of the system's monotonic clock. */
const clock = (): number => Number(process.hrtime.bigint() / 1000n) / 1000

const { machine, startedAt } = JSON.parse(process.argv[2]!) as NodeTask
const marks = new Map<number, Marks>()

function mark(place: Place, n: number, at: number): void {
  const known = marks.get(n) ?? {}
  known[place] ??= at
  marks.set(n, known)
}

function markAll(place: Place, events: readonly Event[], at = clock()): void {
  for (const { eventType, payload, timestamp } of events) {
    if (eventType === 'activity' && payload.kind === 'prompt')
      mark(place, Date.parse(timestamp) - startedAt, at)
  }
}

const log = createLogger('error')
const fail = (error: unknown) => {
  throw error
}
const settings = readSettings({
  env: machine,
  flags: {},
  configText: null,
  homeDirectory: machine.HOME,
  hostname: hostname(),
  workingDirectory: machine.HOME,
})
const stores = await openStores({ settings, log, random, now: Date.now }, [])
const { device, sharing, state, privateLog, index } = stores
const follow = index.follow.bind(index)
index.follow = (teamLog) => {
  const lengths: { length: number; at: number }[] = []
  teamLog.onAppend(() => lengths.push({ length: teamLog.length, at: clock() }))
  const read = teamLog.read.bind(teamLog)
  teamLog.read = async (seq, limit) => {
    const blocks = await read(seq, limit)
    const at = clock()
    for (const { events, seq } of blocks) {
      const came = lengths.findLast(({ length }, i) => length > seq && (lengths[i - 1]?.length ?? 0) <= seq)
      if (came) markAll('came', events, came.at)
      markAll('opened', events, at)
    }
    return blocks
  }
  return follow(teamLog)
}
/** What the node's own log of the team has taken, whenever its feed notes how far it is. */
const appendShared = Object.getOwnPropertyDescriptor(OwnLog.prototype, 'append')!.value as (
  batches: readonly (readonly Event[])[],
) => Promise<void>
OwnEventLog.prototype.append = async function (batches) {
  await appendShared.call(this, batches)
  for (const events of batches) markAll('shared', events)
}
index.onRows((rows) => markAll('indexed', rows))
const tagKeys = new TagKeys(device.key)
const membership = await Membership.open({
  ...stores,
  settings,
  archives: false,
  tagKeys,
  timers: systemTimers,
  random,
  utcOffsetAt: () => 0,
  log,
  history: () => {
    throw new Error('nothing is backfilled')
  },
  onError: fail,
})
const batcher = new Batcher((blocks) => privateLog.append(blocks), systemTimers)
const recorder = new Recorder({
  rule: ruleOf(device, settings, sharing, tagKeys),
  projects: projectsOf(device, machine.HOME, tagKeys, sharing),
  recorded: recordedIn(index, device.source),
  append: async (events, isLive) => {
    await batcher.add(events, !isLive)
    markAll('stored', events)
  },
  settled: () => index.caughtUp(),
  now: Date.now,
})
const record = recorder.record.bind(recorder)
recorder.record = (drafts: readonly Draft[]) => {
  for (const { at, fact } of drafts) if (fact.type === 'prompt') mark('read', at - startedAt, clock())
  return record(drafts)
}
const sources = new Sources({
  adapters: ADAPTERS,
  directories: settings.directories,
  environment: { env: {}, homeDirectory: machine.HOME },
  recorder,
  cursors: state.cursors,
  timers: systemTimers,
  onProgress: () => undefined,
  onProblem: () => undefined,
  onError: fail,
})
const tokens = new Tokens({ randomBytes: random, now: Date.now })
const backend = new NodeBackend({
  ...stores,
  settings,
  sources,
  membership,
  history: null,
  utcOffsetAt: () => 0,
  now: Date.now,
})
const uiDirectory = join(import.meta.dirname, '../../ui')
const api = await startApi({
  backend,
  port: 0,
  uiDirectory,
  tokens,
  clock: systemTimers,
  version: 'bench',
  log,
})
await sources.start()
await membership.start()
process.on('message', () => process.send!([...marks]))
process.on('disconnect', () => process.exit())
const ready: NodeReady = { url: api.url, token: tokens.api }
process.send!(ready)
