import fc from 'fast-check'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Event } from '../../../core/events.ts'
import { weight } from '../../../core/events.ts'
import { DeviceKey, verifier } from '../../../node/home/device-key.ts'
import { State } from '../../../node/home/state.ts'
import type { FedLog, FeedState } from '../../../node/log/feed-port.ts'
import { PrivateLog } from '../../../node/log/private-log.ts'
import { firstFeedState, renewedFeedState, TeamFeed } from '../../../node/log/team-feed.ts'
import { temporaryDirectory } from '../../support/directory.ts'
import { promptAt, responseAt } from '../../support/events.ts'

const JOINED_AT = 1000
const SHARED_FROM = 500

/** What outlives a process: two logs and the feed's state. */
class Disk {
  privateBlocks: Event[][] = []
  ownBlocks: Event[][] = []
  state: FeedState | null = null
}

/** A process ends before or after a write; from then on nothing in it goes on. */
class Process {
  readonly disk: Disk
  writes = 0
  #writesLeft: number
  #isEffectLost: boolean
  #ended!: () => void
  readonly ended = new Promise<void>((resolve) => (this.#ended = resolve))
  isDead = false

  constructor(disk: Disk, writesLeft = Infinity, isEffectLost = false) {
    this.disk = disk
    this.#writesLeft = writesLeft
    this.#isEffectLost = isEffectLost
  }

  async write(effect: () => void): Promise<void> {
    this.writes++
    await new Promise((resolve) => setImmediate(resolve))
    if (this.isDead) return new Promise<never>(() => undefined)
    const isLast = --this.#writesLeft < 0
    if (!isLast || !this.#isEffectLost) effect()
    if (!isLast) return
    this.isDead = true
    this.#ended()
    return new Promise<never>(() => undefined)
  }
}

interface Rig {
  feed: TeamFeed
  record: (...events: Event[]) => Promise<void>
  /** Lets the time that timers wait for pass. */
  elapse: () => Promise<void>
  said: string[]
  losses: () => number
  conflict: () => void
}

interface RigOptions {
  isShared?: (event: Event) => boolean
  recovered?: () => Promise<'ok' | 'lost'>
  isHeld?: () => boolean
  fail?: () => Error | null
}

function rig(process: Process, options: RigOptions = {}): Rig {
  const { disk } = process
  const { isShared = () => true, isHeld = () => false, fail = () => null } = options
  const listeners = new Set<() => void>()
  const conflicts = new Set<() => void>()
  const waiting = new Set<() => void>()
  const said: string[] = []
  let losses = 0
  disk.state ??= firstFeedState(disk.privateBlocks.length)
  const feed = new TeamFeed({
    privateLog: {
      get length() {
        return disk.privateBlocks.length
      },
      floor: 0,
      read: async (seq, limit) => disk.privateBlocks.slice(seq, seq + limit).map((events) => ({ events })),
      onAppend(listener) {
        listeners.add(listener)
        return () => listeners.delete(listener)
      },
    },
    own: ownLog(process, { ...options, isHeld, fail, conflicts }),
    isShared: (event) => Date.parse(event.timestamp) >= SHARED_FROM && isShared(event),
    joinedAt: JOINED_AT,
    state: disk.state,
    store: { save: (state) => process.write(() => (disk.state = structuredClone(state))) },
    timers: {
      now: () => 0,
      after(_, call) {
        waiting.add(call)
        return () => void waiting.delete(call)
      },
    },
    say: (_, sentence) => void said.push(sentence),
    onLost: () => {
      losses++
    },
    onError: (error) => {
      throw error as Error
    },
  })
  return {
    feed,
    record: async (...events) => {
      await process.write(() => disk.privateBlocks.push(events))
      for (const listener of listeners) listener()
    },
    async elapse() {
      for (const call of [...waiting]) {
        waiting.delete(call)
        call()
      }
      await new Promise((resolve) => setTimeout(resolve, 5))
    },
    said,
    losses: () => losses,
    conflict: () => {
      for (const listener of conflicts) listener()
    },
  }
}

interface OwnOptions extends RigOptions {
  conflicts?: Set<() => void>
}

function ownLog(
  process: Process,
  { recovered, isHeld, fail, conflicts = new Set() }: OwnOptions = {},
): FedLog {
  const { disk } = process
  return {
    floor: 0,
    get length() {
      return disk.ownBlocks.length
    },
    read: async (seq, limit) => disk.ownBlocks.slice(seq, seq + limit).map((events) => ({ events })),
    append: async (batches) => {
      const error = fail?.()
      if (error) throw error
      await process.write(() => disk.ownBlocks.push(...batches.map((events) => [...events])))
    },
    recovered: recovered ?? (() => Promise.resolve('ok')),
    isHeldByAPeer: isHeld ?? (() => false),
    onConflict(listener) {
      conflicts.add(listener)
      return () => conflicts.delete(listener)
    },
  }
}

const prompts = (from: number, count: number, at = JOINED_AT + from): Event[] =>
  Array.from({ length: count }, (_, i) => promptAt(at + i, { id: from + i }))
const ids = (events: readonly Event[]) => events.map(({ id }) => id)
const sent = ({ ownBlocks }: Disk) => ids(ownBlocks.flat())

describe('What is recorded and shared', () => {
  test('goes to the team, each private block in one block, in order', async () => {
    const disk = new Disk()
    disk.privateBlocks = [prompts(1, 2)]
    const { feed, record } = rig(new Process(disk))
    feed.start(true)
    await feed.caughtUp()
    expect(disk.ownBlocks).toEqual([])
    for (const events of [prompts(10, 1), prompts(20, 3), prompts(30, 2)]) {
      await record(...events)
      await feed.caughtUp()
    }
    expect(disk.ownBlocks).toEqual([prompts(10, 1), prompts(20, 3), prompts(30, 2)])
    await feed.close()
    await record(...prompts(40, 1))
    expect(disk.ownBlocks).toHaveLength(3)
  })

  test('goes in blocks of a hundred when the feed is behind', async () => {
    const disk = new Disk()
    disk.state = firstFeedState(0)
    disk.privateBlocks = Array.from({ length: 250 }, (_, i) => prompts(i, 1))
    const { feed } = rig(new Process(disk))
    feed.start()
    await feed.caughtUp()
    expect(sent(disk)).toEqual(ids(prompts(0, 250)))
    expect(disk.ownBlocks.length).toBeLessThan(8)
    await feed.close()
  })

  test('is nothing that is private, and nothing from before the time that was agreed to', async () => {
    const disk = new Disk()
    const { feed, record } = rig(new Process(disk), {
      isShared: ({ payload }) => payload.project === 'tea',
    })
    feed.start(true)
    await record(promptAt(2000, { id: 1, project: 'tea' }), promptAt(2000, { id: 2, project: 'payroll' }))
    await record(promptAt(2000, { id: 3, project: 'payroll' }))
    await record(promptAt(SHARED_FROM - 1, { id: 4, project: 'tea' }))
    await feed.caughtUp()
    expect(disk.ownBlocks).toEqual([[promptAt(2000, { id: 1, project: 'tea' })]])
    await feed.close()
  })

  test('goes again where a response has grown', async () => {
    const disk = new Disk()
    const { feed, record } = rig(new Process(disk))
    feed.start(true)
    for (const output of [1, 5]) {
      await record(responseAt(2000, { output }, { id: 7 }))
      await feed.caughtUp()
    }
    expect(disk.ownBlocks.flat().map(weight)).toEqual([11, 15])
    await feed.close()
  })

  test('waits where the log cannot be written, and all goes once it can', async () => {
    const disk = new Disk()
    let isFull = true
    const { feed, record, said, elapse } = rig(new Process(disk), {
      fail: () => (isFull ? new Error('no space left on device') : null),
    })
    feed.start(true)
    await record(...prompts(1, 2))
    await record(...prompts(5, 1))
    await elapse()
    expect(said).toHaveLength(1)
    expect(said[0]).toContain('no space left on device')
    isFull = false
    await elapse()
    await feed.caughtUp()
    expect(sent(disk)).toEqual(ids([...prompts(1, 2), ...prompts(5, 1)]))
    await feed.close()
  })
})

describe('What happened before the join', () => {
  const history = prompts(0, 750, SHARED_FROM - 100)
  const wanted = ids(history).slice(100, 600)

  test('goes when it is asked for, packed, and only what is shared of it', async () => {
    const disk = new Disk()
    const { feed } = rig(new Process(disk))
    feed.start(true)
    expect(await feed.backfill(history)).toBe(500)
    expect(sent(disk)).toEqual(wanted)
    expect(disk.ownBlocks).toHaveLength(5)
    expect(disk.state!.backfillEnd).toBe(5)
    await feed.close()
  })

  test('goes once, though it is recorded late as well and the backfill was cut short', async () => {
    const disk = new Disk()
    disk.state = firstFeedState(0)
    const dying = new Process(disk, 1)
    const first = rig(dying)
    first.feed.start(true)
    void first.feed.backfill(prompts(0, 2000, SHARED_FROM).slice(0, 500))
    await dying.ended
    expect(disk.ownBlocks).toHaveLength(5)
    const { feed, record } = rig(new Process(disk))
    feed.start()
    await record(...prompts(490, 20, SHARED_FROM + 490))
    await feed.caughtUp()
    expect(await feed.backfill(prompts(0, 600, SHARED_FROM))).toBe(0)
    expect(sent(disk).toSorted()).toEqual(ids(prompts(0, 510)).toSorted())
    await feed.close()
  })
})

/** Goes on in a new incarnation of the own log, as the node does. */
async function renewed(disk: Disk) {
  const { state, needsBackfill } = renewedFeedState(disk.state!)
  const next = new Disk()
  next.privateBlocks = disk.privateBlocks
  next.state = state
  const { feed } = rig(new Process(next))
  feed.start(true)
  await feed.caughtUp()
  await feed.close()
  return { next, needsBackfill }
}

describe('When the own log', () => {
  test('is shorter than it was, nothing is written to it, and all goes into the next one', async () => {
    const disk = new Disk()
    disk.privateBlocks = [prompts(1, 1), prompts(2, 1), prompts(3, 1)]
    disk.ownBlocks = [prompts(1, 1)]
    disk.state = { cursor: { private: 3, team: 3 }, confirmed: { private: 1, team: 1 }, backfillEnd: 2 }
    const { feed, losses } = rig(new Process(disk))
    feed.start()
    await expect(feed.caughtUp()).rejects.toMatchObject({ code: 'feed_stopped' })
    expect(losses()).toBe(1)
    expect(disk.ownBlocks).toHaveLength(1)
    await feed.close()
    const { next, needsBackfill } = await renewed(disk)
    expect(needsBackfill).toBe(true)
    expect(sent(next)).toEqual(ids([...prompts(2, 1), ...prompts(3, 1)]))
  })

  test.each(['lost', 'conflict'] as const)(
    'is another one at the peers (%s), another is begun',
    async (how) => {
      const disk = new Disk()
      disk.state = firstFeedState(0)
      const { feed, record, losses, conflict } = rig(new Process(disk), {
        recovered: () => Promise.resolve(how === 'lost' ? 'lost' : 'ok'),
      })
      feed.start()
      if (how === 'conflict') {
        await record(...prompts(1, 1))
        await feed.caughtUp()
        conflict()
        conflict()
      }
      await record(...prompts(2, 1))
      await expect(feed.caughtUp()).rejects.toMatchObject({ code: 'feed_stopped' })
      expect(losses()).toBe(1)
      await expect(feed.backfill([])).rejects.toMatchObject({ code: 'feed_stopped' })
      await record(...prompts(3, 1))
      expect(sent(disk)).toEqual(how === 'conflict' ? ids(prompts(1, 1)) : [])
      const { next, needsBackfill } = await renewed(disk)
      expect(needsBackfill).toBe(false)
      const first = how === 'conflict' ? prompts(1, 1) : []
      expect(sent(next)).toEqual(ids([...first, ...prompts(2, 1), ...prompts(3, 1)]))
    },
  )

  test('is held by a peer, that place is kept', async () => {
    const disk = new Disk()
    let isHeld = false
    const { feed, record, elapse } = rig(new Process(disk), { isHeld: () => isHeld })
    feed.start(true)
    await record(...prompts(1, 1))
    await feed.caughtUp()
    await elapse()
    expect(disk.state!.confirmed).toEqual({ private: 0, team: 0 })
    isHeld = true
    await elapse()
    expect(disk.state!.confirmed).toEqual({ private: 1, team: 1 })
    await feed.close()
  })
})

test('a feed that never began is closed without more', async () => {
  const process = new Process(new Disk())
  await rig(process).feed.close()
  expect(process.writes).toBe(0)
  expect(process.disk.state).toEqual(firstFeedState(0))
})

test('a private log that lost its end is followed again, and nothing goes twice', async () => {
  const disk = new Disk()
  disk.privateBlocks = [prompts(1, 1)]
  disk.ownBlocks = [prompts(1, 1), prompts(2, 1), prompts(3, 1)]
  disk.state = { ...firstFeedState(0), cursor: { private: 3, team: 3 } }
  const { feed, record } = rig(new Process(disk))
  feed.start()
  await record(...prompts(2, 1), ...prompts(3, 1), ...prompts(4, 1))
  await feed.caughtUp()
  expect(sent(disk)).toEqual(ids([...prompts(1, 1), ...prompts(2, 1), ...prompts(3, 1), ...prompts(4, 1)]))
  await feed.close()
})

test('wherever the node is killed, every shared event goes exactly once, in order, and nothing else', async () => {
  const step = fc.record({
    /** How many events the private block has, of which some are private, old or grown responses. */
    kinds: fc.array(fc.constantFrom('shared', 'private', 'old', 'early', 'grown'), {
      minLength: 1,
      maxLength: 4,
    }),
    pause: fc.boolean(),
  })
  const life = fc.record({
    steps: fc.array(step, { maxLength: 8 }),
    writesLeft: fc.nat(12),
    isEffectLost: fc.boolean(),
  })
  await fc.assert(
    fc.asyncProperty(
      fc.array(life, { minLength: 1, maxLength: 5 }),
      fc.nat(700),
      async (lives, backfilled) => {
        const disk = new Disk()
        disk.state = firstFeedState(0)
        let n = 0
        let output = 0
        const eventOf = (kind: string): Event => {
          n++
          if (kind === 'private') return promptAt(2000 + n, { id: n, project: 'payroll' })
          if (kind === 'old') return promptAt(SHARED_FROM - 1, { id: n })
          if (kind === 'early') return promptAt(SHARED_FROM + n, { id: n })
          if (kind === 'grown') return responseAt(2000, { output: ++output }, { id: 1_000_000 })
          return promptAt(2000 + n, { id: n })
        }
        const isShared = ({ payload }: Event) => payload.project !== 'payroll'
        const options = { isShared }
        const mayGo = (event: Event) => Date.parse(event.timestamp) >= SHARED_FROM && isShared(event)
        // Of what was recorded before the join a backfill brings the same events, and others.
        const early = () => [
          ...disk.privateBlocks.flat().filter(({ timestamp }) => Date.parse(timestamp) < JOINED_AT),
          ...prompts(2_000_000, backfilled, SHARED_FROM + 10).filter(
            ({ timestamp }) => Date.parse(timestamp) < JOINED_AT,
          ),
        ]
        for (const { steps, writesLeft, isEffectLost } of lives) {
          const process = new Process(disk, writesLeft, isEffectLost)
          const { feed, record } = rig(process, options)
          feed.start()
          const work = async () => {
            void feed.backfill(early())
            for (const { kinds, pause } of steps) {
              await record(...kinds.map(eventOf))
              if (pause) await feed.caughtUp()
            }
            await feed.caughtUp()
          }
          await Promise.race([work(), process.ended])
          process.isDead = true
        }
        const { feed } = rig(new Process(disk), options)
        feed.start()
        await feed.caughtUp()
        await feed.backfill(early())
        await feed.close()

        const all = disk.ownBlocks.flat()
        const shared = disk.privateBlocks.flat().filter(mayGo)
        const grown = (events: readonly Event[]) =>
          events.filter(({ id }) => id === responseAt(0, {}, { id: 1_000_000 }).id)
        const once = (events: readonly Event[]) => ids(events.filter((event) => !grown([event]).length))
        const late = (events: readonly Event[]) =>
          events.filter(({ timestamp }) => Date.parse(timestamp) >= JOINED_AT)
        expect(once(late(all))).toEqual(once(late(shared)))
        expect(once(all).toSorted()).toEqual(
          [...new Set([...once(shared), ...ids(early().filter(mayGo))])].toSorted(),
        )
        const weights = grown(all).map(weight)
        expect(weights).toEqual([...new Set(weights)].sort((a, b) => a - b))
        expect(weights.at(-1)).toBe(grown(shared).map(weight).at(-1))
      },
    ),
    { numRuns: 150 },
  )
})

test('it works on real logs and a real state.db, over a restart', async () => {
  const home = temporaryDirectory()
  const key = new DeviceKey(new Uint8Array(32).fill(5))
  const source = `laptop-${key.device.slice(0, 6)}`
  const openLog = (name: string) =>
    PrivateLog.open({
      directory: join(home, name),
      source,
      sign: (message) => key.sign(message),
      verify: verifier(key.publicKey),
    })
  const events = (from: number, count: number) =>
    Array.from({ length: count }, (_, i) => promptAt(2000 + from + i, { source }))
  const start = async () => {
    const state = await State.open({ home, now: () => 0, random: (bytes) => new Uint8Array(bytes) })
    const [privateLog, teamLog] = await Promise.all([openLog('private'), openLog('team')])
    const feedState = (await state.team.feed.load()) ?? firstFeedState(privateLog.length)
    await state.team.feed.save(feedState)
    const own: FedLog = Object.assign(teamLog, {
      recovered: () => Promise.resolve('ok' as const),
      isHeldByAPeer: () => false,
      onConflict: () => () => undefined,
    })
    const feed = new TeamFeed({
      privateLog,
      own,
      isShared: () => true,
      joinedAt: JOINED_AT,
      state: feedState,
      store: state.team.feed,
      timers: { now: Date.now, after: () => () => undefined },
      say: () => undefined,
      onLost: () => expect.unreachable(),
      onError: (error) => expect.unreachable(String(error)),
    })
    feed.start()
    const stop = async () => {
      await feed.close()
      await Promise.all([privateLog.close(), teamLog.close(), state.close()])
    }
    return { feed, privateLog, teamLog, stop }
  }
  const first = await start()
  await first.privateLog.append([events(0, 3)])
  await first.feed.caughtUp()
  await first.feed.close()
  await first.privateLog.append([events(10, 1), events(20, 2)])
  await first.stop()
  const second = await start()
  await second.privateLog.append([events(30, 1)])
  await second.feed.caughtUp()
  const blocks = await second.teamLog.read(0, 99)
  await second.stop()
  expect(blocks.flatMap((block) => block.events)).toEqual([
    ...events(0, 3),
    ...events(10, 1),
    ...events(20, 2),
    ...events(30, 1),
  ])
})
