import { describe, expect, test } from 'vitest'
import { encodeBlock } from '../../../core/blocks.ts'
import { zlibCodec } from '../../../node/log/codec.ts'
import type { TeamStore } from '../../../node/log/team-store.ts'
import { connect, eventsOf, hostile, type Member, member, open, TEAM_ID, testTimers, until } from './team.ts'

const MIB = 1024 * 1024
const DAY_MS = 86_400_000

/** Somebody whose log is written block by block, one event each. */
async function writer(count: number) {
  const who = member(66)
  const log = await hostile(who)
  const scope = { teamId: TEAM_ID, incarnation: who.writer.incarnation }
  const sign = (message: Uint8Array) => who.key.sign(message)
  const sealed = (seq: number, events = eventsOf(who, 1, seq)) =>
    log.seal.seal(encodeBlock(events, seq, scope, sign, zlibCodec), seq)
  const write = async (more: number) => {
    const from = log.core.length
    await log.append(...Array.from({ length: more }, (_, i) => sealed(from + i)))
  }
  await write(count)
  return { ...log, who, write, sealed }
}

const logOf = (store: TeamStore, { writer: { device } }: Member) =>
  store.logs().find((log) => Buffer.compare(log.device, device) === 0)

/** Follows somebody's log. */
async function follow(store: TeamStore, who: Member, roster: { cut?: number | null; floor?: number } = {}) {
  store.follow({ ...who.writer, ...roster })
  await until(() => logOf(store, who) !== undefined)
  return logOf(store, who)!
}

/** How many events each block from `seq` on gives. */
const counts = async (log: NonNullable<ReturnType<typeof logOf>>, seq = 0, limit = 1000) =>
  (await log.read(seq, limit)).map(({ events }) => events.length)

describe('A teammate’s log', () => {
  test('is fetched as it is read, however long it is, and told of as it grows', async () => {
    const log = await writer(1500)
    const reader = await open(member(1))
    const team = await follow(reader, log.who)
    let told = 0
    team.onAppend(() => told++)
    connect(reader, log)
    await until(() => team.length >= 1024)
    // Who does not read is not given more than fits in memory.
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(team.length).toBe(1024)
    expect(team.behind).toBe(1500 - 1024)
    for (let seq = 0; seq < 1500;) {
      await until(() => team.length > seq)
      seq += (await team.read(seq, 256)).length
    }
    expect(team).toMatchObject({ length: 1500, behind: 0, problem: null })
    expect(told).toBeLessThan(1500)
    const before = told
    await log.write(1)
    await until(() => told > before)
    expect(await counts(team, 1500)).toEqual([1])
  })

  test('counts up to its cut, also where the cut comes later', async () => {
    const log = await writer(10)
    const reader = await open(member(1))
    const team = await follow(reader, log.who, { cut: 8 })
    connect(reader, log)
    await until(() => team.length === 8)
    expect(team.behind).toBe(0)
    expect(await counts(team)).toHaveLength(8)
    await follow(reader, log.who, { cut: 5 })
    expect(team.length).toBe(5)
    expect(await counts(team)).toHaveLength(5)
  })

  test('begins where its writer says that it begins', async () => {
    const log = await writer(10)
    await log.core.clear(0, 6)
    const reader = await open(member(1))
    const team = await follow(reader, log.who, { floor: 6 })
    connect(reader, log)
    await until(() => team.length === 10)
    expect(team.floor).toBe(6)
    expect(await counts(team, 6)).toEqual([1, 1, 1, 1])
  })

  test('is read from where it has been, when its writer has cleared what was not here yet', async () => {
    const log = await writer(4)
    const reader = await open(member(1))
    const team = await follow(reader, log.who)
    const disconnect = connect(reader, log)
    await until(() => team.length === 4)
    await disconnect()
    await log.write(6)
    await log.core.clear(0, 8)
    connect(reader, log)
    await until(() => team.behind === 6)
    await follow(reader, log.who, { floor: 8 })
    await until(() => team.length === 10)
    expect(await counts(team, 8)).toEqual([1, 1])
  })

  test('stays as it is here when its writer clears what is old, also after a restart, until it is cleared here', async () => {
    const log = await writer(10)
    const someone = member(1)
    const reader = await open(someone)
    const team = await follow(reader, log.who)
    connect(reader, log)
    await until(() => team.length === 10)
    await log.core.clear(0, 6)
    await follow(reader, log.who, { floor: 6 })
    const all = [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]
    expect(team.floor).toBe(0)
    expect(await counts(team)).toEqual(all)
    await reader.close()
    const again = await open(someone)
    const later = await follow(again, log.who, { floor: 10 })
    await until(() => later.length === 10)
    expect(later.floor).toBe(0)
    expect(await counts(later)).toEqual(all)
    await again.clearBefore(later.core, 4)
    expect(later.floor).toBe(4)
    expect(await counts(later)).toEqual([0, 0, 0, 0, 1, 1, 1, 1, 1, 1])
    // All that its writer has cleared can be cleared here, too.
    await again.clearBefore(later.core, 10)
    expect(await counts(later)).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
  })

  test('that began later for whoever came later begins there, whatever its writer clears afterwards', async () => {
    const log = await writer(10)
    await log.core.clear(0, 6)
    const someone = member(1)
    const reader = await open(someone)
    const team = await follow(reader, log.who, { floor: 6 })
    connect(reader, log)
    await until(() => team.length === 10)
    await reader.close()
    const again = await open(someone)
    const later = await follow(again, log.who, { floor: 8 })
    await until(() => later.length === 10)
    expect(later.floor).toBe(6)
    expect(await counts(later, 6)).toEqual([1, 1, 1, 1])
  })

  test('is not looked for beyond its end, whatever its writer says that it cleared', async () => {
    const log = await writer(5)
    const someone = member(1)
    const reader = await open(someone)
    const team = await follow(reader, log.who, { floor: 2 ** 40 })
    connect(reader, log)
    await until(() => team.behind === 5)
    expect(team).toMatchObject({ floor: 0, length: 0 })
    await reader.close()
    const again = await open(someone)
    const later = await follow(again, log.who, { floor: Number.MAX_SAFE_INTEGER })
    connect(again, log)
    await log.write(1)
    await until(() => later.behind === 6)
    expect(later).toMatchObject({ floor: 0, length: 0 })
  })

  test('goes on where its writer has cleared thousands of blocks that never came', async () => {
    const log = await writer(3)
    const reader = await open(member(1))
    const team = await follow(reader, log.who)
    const disconnect = connect(reader, log)
    await until(() => team.length === 3)
    expect(await counts(team)).toEqual([1, 1, 1])
    await disconnect()
    await log.append(...Array.from({ length: 2000 }, () => new Uint8Array(1)))
    await log.write(2)
    await log.core.clear(0, 2003)
    connect(reader, log)
    await until(() => team.behind === 2002)
    await follow(reader, log.who, { floor: 2003 })
    await until(() => team.length === 2005)
    expect(await counts(team, 2003)).toEqual([1, 1])
  })

  test('is forgotten for good before a place, and not fetched again after a restart', async () => {
    const log = await writer(10)
    const someone = member(1)
    const reader = await open(someone)
    const team = await follow(reader, log.who)
    connect(reader, log)
    await until(() => team.length === 10)
    await reader.clearBefore(team.core, 7)
    expect(team.floor).toBe(7)
    await reader.close()
    const again = await open(someone)
    const later = await follow(again, log.who)
    connect(again, log)
    await log.write(1)
    await until(() => later.length === 11)
    expect(later.floor).toBe(7)
    expect(await counts(later, 0)).toEqual([0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1])
  })

  test('is here again after a restart without a peer', async () => {
    const log = await writer(5)
    const someone = member(1)
    const reader = await open(someone)
    const team = await follow(reader, log.who)
    connect(reader, log)
    await until(() => team.length === 5)
    await reader.close()
    const again = await open(someone)
    expect(await counts(await follow(again, log.who))).toEqual([1, 1, 1, 1, 1])
  })

  test('that grows without end is paused until the next day, and says so', async () => {
    const timers = testTimers()
    const log = await writer(0)
    // 20 MiB of blocks that are much too large, and then honest ones.
    const large = Buffer.alloc(10 * MIB)
    await log.append(large, large)
    const reader = await open(member(1, { timers }))
    const team = await follow(reader, log.who)
    connect(reader, log)
    await until(() => team.length === 2)
    expect(team.problem).toBeNull()
    for (let i = 0; i < 5; i++) await log.append(large)
    await until(() => team.problem !== null)
    expect(team.problem).toMatch(/grew by more than 64 MiB today; the rest is read tomorrow/)
    const { length } = team
    await log.write(300)
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(team.behind).toBeGreaterThan(200)
    expect((await team.read(0, length)).every(({ invalid }) => invalid === 1)).toBe(true)
    timers.advance(DAY_MS / 2)
    await until(() => team.behind === 0)
    expect(team.problem).toBeNull()
  })

  test('may not have 200,000 events in a day either', async () => {
    const timers = testTimers()
    const log = await writer(0)
    const many = eventsOf(log.who, 500)
    for (let i = 0; i < 402; i += 67)
      await log.append(...Array.from({ length: 67 }, (_, j) => log.sealed(i + j, many)))
    const someone = member(1, { timers })
    const reader = await open(someone)
    const team = await follow(reader, log.who)
    connect(reader, log)
    await until(() => team.length === 402)
    await team.read(0, 200)
    await team.read(100, 100)
    expect(team.problem).toBeNull()
    for (let seq = 200; seq < 402; seq += 101) await team.read(seq, 101)
    expect(team.problem).toMatch(/200,000 events today/)
    await reader.close()
    expect(someone.table.rows.get(team.core)).toMatchObject({ events: 201_000 })
    const again = await open(someone)
    expect((await follow(again, log.who)).problem).toMatch(/200,000 events/)
  })

  test('that shows two histories is read no more, also after a restart', async () => {
    const [one, other] = [await writer(4), await writer(0)]
    await other.append(...(await Promise.all([0, 1].map((i) => one.core.get(i, { timeout: 100 })))))
    await other.write(5)
    const someone = member(1)
    const reader = await open(someone)
    const team = await follow(reader, one.who)
    const disconnect = connect(reader, one)
    await until(() => team.length === 4)
    await disconnect()
    const alsoDisconnect = connect(reader, other)
    await until(() => team.problem !== null)
    expect(team.problem).toMatch(/shows two histories/)
    expect(someone.said).toEqual([team.problem])
    await alsoDisconnect()
    expect(await team.read(0, 10)).toEqual([])
    await reader.close()

    const again = await open(someone)
    const later = await follow(again, one.who)
    expect(later).toMatchObject({ problem: team.problem, length: 4 })
    await one.write(3)
    connect(again, one)
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(later.length).toBe(4)
    expect(await later.read(0, 10)).toEqual([])
  })

  test('that was rewritten stays as it was', async () => {
    const log = await writer(4)
    const reader = await open(member(1))
    const team = await follow(reader, log.who)
    connect(reader, log)
    await until(() => team.length === 4)
    const before = await team.read(0, 10)
    await log.truncate(1)
    await log.write(6)
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(await team.read(0, 10)).toEqual(before)
  })
})
