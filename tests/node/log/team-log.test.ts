import { randomBytes } from 'node:crypto'
import { deflateRawSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import type { Event } from '../../../core/events.ts'
import { encodeBlock, MAX_BLOCK_BYTES, signedBytes } from '../../../core/blocks.ts'
import { zlibCodec } from '../../../node/log/codec.ts'
import { Seal, SEAL_BYTES } from '../../../node/log/seal.ts'
import type { TeamStore } from '../../../node/log/team-store.ts'
import { promptAt } from '../../support/events.ts'
import {
  connect,
  eventsOf,
  hostile,
  keysOf,
  member,
  open,
  random,
  READ,
  TEAM_ID,
  testTimers,
  until,
} from './team.ts'

const mallory = member(66)
const scope = { teamId: TEAM_ID, incarnation: mallory.writer.incarnation }
const sign = (message: Uint8Array) => mallory.key.sign(message)
const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value))

/** A block with any body, signed as its device signs. */
function signedBlock(body: Uint8Array, seq: number, flags = 0, stored = body): Uint8Array {
  return Uint8Array.from([1, ...sign(signedBytes(scope, seq, body)), flags, ...stored])
}

const block = (events: readonly Event[], seq: number) => encodeBlock(events, seq, scope, sign, zlibCodec)

/** Follows the log of one device and waits until so many of its blocks are here. */
async function followed(reader: TeamStore, writer = mallory, length = 1) {
  reader.follow(writer.writer)
  await until(() =>
    reader.logs().some(({ device, length: here }) => device === writer.writer.device && here >= length),
  )
  return reader.logs().find(({ device }) => device === writer.writer.device)!
}

/** What a teammate reads of these blocks, of which each is sealed where not said otherwise, and one good one. */
async function read(blocks: readonly Uint8Array[], isSealed = true) {
  const log = await hostile(mallory)
  const good = eventsOf(mallory, 1, 5000)
  const bytes = isSealed ? blocks.map((each, seq) => log.seal.seal(each, seq)) : blocks
  await log.append(...bytes, log.seal.seal(block(good, blocks.length), blocks.length))
  const reader = await open(member(1))
  connect(reader, log)
  const team = await followed(reader, mallory, blocks.length + 1)
  const got = await team.read(0, 1000)
  // The archive is given what the index takes, and nothing of what it leaves out.
  const passedOn = (await team.readSigned(0, 1000)).map(({ seq, batch }) => [seq, batch?.events])
  const taken = got.map(({ seq, events, invalid }) => [
    seq,
    events.length ? events.length + invalid : undefined,
  ])
  expect(passedOn).toEqual(taken)
  expect(got.at(-1)).toEqual({ core: team.core, seq: blocks.length, events: good, invalid: 0 })
  return got.slice(0, -1)
}

/** A block that is left out. */
const LEFT_OUT = { events: [], invalid: 1 }

describe('A teammate reads on behind', () => {
  test('a block that is no batch', async () => {
    expect(
      await read([Buffer.from('tea'), new Uint8Array(0), signedBlock(Buffer.from('{"no'), 2)]),
    ).toMatchObject([LEFT_OUT, LEFT_OUT, LEFT_OUT])
  })

  test('a block that another device signed', async () => {
    const other = member(67)
    const forged = encodeBlock(
      eventsOf(mallory, 1),
      0,
      scope,
      (message) => other.key.sign(message),
      zlibCodec,
    )
    expect(await read([forged])).toMatchObject([LEFT_OUT])
  })

  test('a block that was moved within its log', async () => {
    expect(await read([block(eventsOf(mallory, 1), 1)])).toMatchObject([LEFT_OUT])
  })

  test('a block of another incarnation or team', async () => {
    const incarnation = new Uint8Array(8).fill(9)
    const elsewhere = [
      { teamId: TEAM_ID, incarnation },
      { teamId: new Uint8Array(32), incarnation: scope.incarnation },
    ].map((other, seq) => encodeBlock(eventsOf(mallory, 1), seq, other, sign, zlibCodec))
    expect(await read(elsewhere)).toMatchObject([LEFT_OUT, LEFT_OUT])
  })

  test("an event with another's source", async () => {
    const [own] = eventsOf(mallory, 1)
    const foreign = promptAt(1, { source: member(1).source })
    const similar = promptAt(2, { source: mallory.source.slice(0, -1) + 'y' })
    const [got] = await read([block([own!, foreign, similar], 0)])
    expect(got).toMatchObject({ events: [own], invalid: 2 })
  })

  test('an event of a wrong shape', async () => {
    const [own] = eventsOf(mallory, 1)
    const body = json([own, { ...own, eventType: 'gossip' }, { ...own, prompt: 'secret' }, null, 7])
    const [got] = await read([signedBlock(body, 0)])
    expect(got).toMatchObject({ events: [own, own], invalid: 3 })
  })

  test('more events than a batch may have', async () => {
    const body = json(eventsOf(mallory, 10_000))
    expect(await read([signedBlock(body, 0, 1, deflateRawSync(body))])).toMatchObject([LEFT_OUT])
  })

  test('a bomb: a small block that would inflate to 64 MiB', async () => {
    const bomb = deflateRawSync(Buffer.alloc(64 * 1024 * 1024))
    const signed = Uint8Array.from([1, ...randomBytes(64), 1])
    const before = process.memoryUsage().arrayBuffers
    expect(await read([Buffer.concat([signed, bomb])])).toMatchObject([LEFT_OUT])
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * 1024 * 1024)
  })

  test('a block that is larger than any may be', async () => {
    const body = json(eventsOf(mallory, 1))
    const large = Buffer.concat([signedBlock(body, 0), Buffer.alloc(MAX_BLOCK_BYTES + SEAL_BYTES, ' ')])
    expect(await read([large])).toMatchObject([LEFT_OUT])
  })

  test('plaintext', async () => {
    expect(await read([json(eventsOf(mallory, 1))], false)).toMatchObject([LEFT_OUT])
  })

  test('a block that is sealed with another key, or for another log or place', async () => {
    const log = await hostile(mallory)
    const stranger = new Seal(log.core.key, keysOf(new Uint8Array(32).fill(77)), random)
    const other = new Seal(new Uint8Array(32).fill(1), keysOf(READ), random)
    const stolen = stranger.seal(block(eventsOf(mallory, 1), 0), 0)
    stolen.set(log.seal.seal(new Uint8Array(0), 0).subarray(1, 5), 1)
    const sealed = [
      stolen,
      other.seal(block(eventsOf(mallory, 1), 1), 1),
      log.seal.seal(block(eventsOf(mallory, 1), 2), 7),
    ]
    expect(await read(sealed, false)).toMatchObject([LEFT_OUT, LEFT_OUT, LEFT_OUT])
  })
})

describe('What a teammate passes on to an archive', () => {
  test('is what the device signed, word for word, and is read as often as one likes', async () => {
    const log = await hostile(mallory)
    const [own] = eventsOf(mallory, 1)
    const body = json([own, { ...own!, note: 'ü' }])
    await log.append(log.seal.seal(signedBlock(body, 0), 0))
    const reader = await open(member(1))
    connect(reader, log)
    const team = await followed(reader)
    const [signed] = await team.readSigned(0, 1)
    expect(await team.readSigned(0, 1)).toEqual([signed])
    expect(signed?.batch?.body).toBe(Buffer.from(body).toString())
    expect(Buffer.from(signed!.batch!.signature)).toEqual(Buffer.from(sign(signedBytes(scope, 0, body))))
    expect(await team.readSigned(1, 10)).toEqual([])
  })

  test('ends at what is not here yet, and passes over what was cleared', async () => {
    const own = await open(mallory)
    for (let n = 0; n < 3; n++) await own.events!.append([eventsOf(mallory, 1, n)])
    const log = own.logs()[0]!
    await own.clearBefore(log.core, 2)
    const got = await log.readSigned(0, 10)
    expect(got.map(({ seq, batch }) => [seq, batch !== null])).toEqual([
      [0, false],
      [1, false],
      [2, true],
    ])
  })

  test('comes some MiB at a time', async () => {
    const own = await open(mallory)
    const [event] = eventsOf(mallory, 1)
    const large = { ...event!, note: 'x'.repeat(900_000) }
    for (let n = 0; n < 5; n++) await own.events!.append([[large]])
    const log = own.logs()[0]!
    expect((await log.readSigned(0, 10)).map(({ seq }) => seq)).toEqual([0, 1, 2])
    expect((await log.readSigned(3, 10)).map(({ seq }) => seq)).toEqual([3, 4])
  })

  test('is nothing of a mirror’s', async () => {
    const log = await hostile(mallory)
    await log.append(log.seal.seal(block(eventsOf(mallory, 1), 0), 0))
    const mirror = await open(member(1, { role: 'mirror' }))
    connect(mirror, log)
    expect(await (await followed(mirror)).readSigned(0, 1)).toEqual([])
  })
})

describe('A teammate', () => {
  test('keeps an event of the year 2099 as it is: the index says when it counts', async () => {
    const future = promptAt('2099-01-01T00:00:00.000Z', { source: mallory.source })
    expect(await read([block([future], 0)])).toMatchObject([{ events: [future], invalid: 0 }])
  })

  test("does not take a source label that was another device's first", async () => {
    const reader = member(1)
    const owners = new Map([['first-' + mallory.source.slice(-6), 'somebody else']])
    const options = {
      ...reader.options,
      sources: { bind: (source: string) => !owners.has(source) },
    }
    const store = await open({ ...reader, options })
    const log = await hostile(mallory)
    const [own] = eventsOf(mallory, 1)
    const taken = { ...own!, source: 'first-' + mallory.source.slice(-6) }
    await log.append(log.seal.seal(block([taken, own!], 0), 0))
    connect(store, log)
    expect(await (await followed(store)).read(0, 1)).toMatchObject([{ events: [own], invalid: 1 }])
  })

  test('waits a minute with a block of an epoch whose key is not here yet, and then leaves it out', async () => {
    const timers = testTimers()
    const newer = new Uint8Array(32).fill(6)
    const keys = {
      current: READ as Uint8Array | null,
      known: keysOf(READ),
      byId: (id: Uint8Array) => keys.known.byId(id),
    }
    const reader = await open(member(1, { timers, keys }))
    const log = await hostile(mallory)
    const seal = new Seal(log.core.key, keysOf(newer), random)
    const events = eventsOf(mallory, 3)
    await log.append(
      log.seal.seal(block(events.slice(0, 1), 0), 0),
      seal.seal(block(events.slice(1, 2), 1), 1),
      log.seal.seal(block(events.slice(2), 2), 2),
    )
    connect(reader, log)
    const team = await followed(reader, mallory, 3)
    const all = async () => (await team.read(0, 10)).map((each) => each.events.length)
    expect(await all()).toEqual([1])
    let woken = 0
    team.onAppend(() => woken++)
    keys.known = keysOf(READ, newer)
    reader.keysChanged()
    expect(woken).toBe(1)
    expect(await all()).toEqual([1, 1, 1])

    keys.known = keysOf(READ)
    const forgetful = await open(member(2, { timers, keys }))
    connect(forgetful, log)
    const other = await followed(forgetful, mallory, 3)
    expect(await other.read(0, 10)).toHaveLength(1)
    let wokenLater = 0
    other.onAppend(() => wokenLater++)
    timers.advance(60_000)
    expect(wokenLater).toBe(1)
    expect((await other.read(0, 10)).map((each) => [each.events.length, each.invalid])).toEqual([
      [1, 0],
      [0, 1],
      [1, 0],
    ])
    // The archive would never get it any more.
    expect((await other.readSigned(0, 10)).map(({ seq }) => seq)).toEqual([0])
    keys.known = keysOf(READ, newer)
    expect((await other.readSigned(0, 10)).map(({ batch }) => batch?.events)).toEqual([1, 1, 1])
  })
})
