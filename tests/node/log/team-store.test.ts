import { cpSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { encodeStateBlock, MAX_UPDATE_BYTES } from '../../../core/state-block.ts'
import { zlibCodec } from '../../../node/log/codec.ts'
import { PrivateLog } from '../../../node/log/private-log.ts'
import type { TeamStore } from '../../../node/log/team-store.ts'
import { temporaryDirectory } from '../../support/directory.ts'
import { connect, eventsOf, hostile, type Member, member, open, TEAM_ID, until } from './team.ts'

const eventsLogOf = (store: TeamStore, { writer }: Member) =>
  store.logs().find(({ device }) => Buffer.compare(device, writer.device) === 0)
const stateLogOf = (store: TeamStore, { writer }: Member) =>
  store.stateLogs().find(({ device }) => Buffer.compare(device, writer.device) === 0)
const update = (text: string) => new TextEncoder().encode(text)
const texts = (updates: readonly Uint8Array[]) => updates.map((bytes) => new TextDecoder().decode(bytes))

describe('A team', () => {
  test('reaches who is never online together through a mirror, which reads nothing', async () => {
    const [ann, ben, mirror] = [member(1), member(2), member(3, { role: 'mirror' })]
    const [a, b, m] = [await open(ann), await open(ben), await open(mirror)]
    for (const store of [a, b, m]) for (const { writer } of [ann, ben, mirror]) store.follow(writer)
    const events = eventsOf(ann, 3)
    await a.events!.append([events.slice(0, 2), events.slice(2)])
    await a.state!.append([update('Ann')])
    const away = connect(a, m)
    await until(() => eventsLogOf(m, ann)?.length === 2 && stateLogOf(m, ann)?.length === 1)
    expect(await eventsLogOf(m, ann)!.read(0, 10)).toEqual([])
    expect(await stateLogOf(m, ann)!.read()).toEqual([])
    await away()
    await a.close()
    connect(m, b)
    await until(() => eventsLogOf(b, ann)?.length === 2 && stateLogOf(b, ann)?.length === 1)
    expect((await eventsLogOf(b, ann)!.read(0, 10)).map((block) => block.events)).toEqual([
      events.slice(0, 2),
      events.slice(2),
    ])
    expect(texts(await stateLogOf(b, ann)!.read())).toEqual(['Ann'])
  })

  test('lets each role write what is its own', async () => {
    const [ann, reader, mirror] = [member(1), member(2, { role: 'reader' }), member(3, { role: 'mirror' })]
    const stores = [await open(ann), await open(reader), await open(mirror)]
    expect(stores.map(({ events, state }) => [events !== null, state !== null])).toEqual([
      [true, true],
      [false, true],
      [false, false],
    ])
  })

  test('gives nothing of a state log once it is closed', async () => {
    const ann = member(1)
    const store = await open(ann)
    await store.state!.append([update('Ann')])
    const log = stateLogOf(store, ann)!
    await store.close()
    expect(await log.read()).toEqual([])
  })

  test('does not read events that a reader writes, though its state', async () => {
    const [ann, reader] = [member(1), member(2, { role: 'reader' })]
    const [a, r] = [await open(ann), await open(reader)]
    const events = await hostile(reader)
    await events.append(Buffer.from('anything'))
    await r.state!.append([update('watching')])
    a.follow(reader.writer)
    connect(a, r)
    connect(a, events)
    await until(() => stateLogOf(a, reader)?.length === 1)
    expect(texts(await stateLogOf(a, reader)!.read())).toEqual(['watching'])
    expect(eventsLogOf(a, reader)).toBeUndefined()
  })

  test('keeps what a member wrote before it became a reader, and no more', async () => {
    const [ann, ben] = [member(1), member(2)]
    const [a, b] = [await open(ann), await open(ben)]
    b.follow(ann.writer)
    await a.events!.append([eventsOf(ann, 1)])
    connect(a, b)
    await until(() => eventsLogOf(b, ann)?.length === 1)
    b.follow({ ...ann.writer, role: 'reader' })
    await a.events!.append([eventsOf(ann, 1, 1)])
    await a.state!.append([update('still here')])
    await until(() => stateLogOf(b, ann)?.length === 1)
    expect(eventsLogOf(b, ann)).toMatchObject({ length: 1, behind: 0 })
  })

  test('tells of each log once it is open', async () => {
    const [ann, ben] = [member(1), member(2)]
    const store = await open(ann)
    const told: string[] = []
    const stop = store.onLog((log) => told.push(log.core))
    for (let i = 0; i < 2; i++) store.follow(ben.writer)
    store.follow(ann.writer)
    await until(() => told.length === 2)
    stop()
    store.follow(member(3).writer)
    await until(() => store.logs().length === 3)
    expect(told).toEqual([eventsLogOf(store, ben)!.core, stateLogOf(store, ben)!.core])
  })

  test('reads only updates that their author signed for their place', async () => {
    const [ann, mallory] = [member(1), member(66)]
    const store = await open(ann)
    const log = await hostile(mallory, 'state')
    const scope = { teamId: TEAM_ID, incarnation: mallory.writer.incarnation }
    const block = (text: string, seq: number, who = mallory) =>
      encodeStateBlock(update(text), seq, scope, (message) => who.key.sign(message), zlibCodec)
    const blocks = [
      block('one', 0),
      block('moved', 0),
      block('forged', 2, ann),
      Buffer.from('no block'),
      block('two', 4),
    ]
    await log.append(...blocks.map((bytes, seq) => log.seal.seal(bytes, seq)), Buffer.from('plain'))
    store.follow(mallory.writer)
    connect(store, log)
    await until(() => stateLogOf(store, mallory)?.length === 6)
    expect(texts(await stateLogOf(store, mallory)!.read())).toEqual(['one', 'two'])
  })

  test('takes no update of more than 64 KiB', async () => {
    const store = await open(member(1))
    await expect(store.state!.append([new Uint8Array(MAX_UPDATE_BYTES + 1)])).rejects.toThrow(RangeError)
    await store.state!.append([new Uint8Array(MAX_UPDATE_BYTES)])
    expect(store.state!.length).toBe(1)
  })
})

describe('A home that was copied', () => {
  const privateOptions = (directory: string, { key, source }: Member) => ({
    directory,
    source,
    sign: (message: Uint8Array) => key.sign(message),
    verify: () => true,
  })

  test('is refused with what to do instead, its team and its private log alike', async () => {
    const home = temporaryDirectory()
    const copy = join(temporaryDirectory(), 'copy')
    const ann = member(1, { directory: join(home, 'team') })
    const store = await open(ann)
    await store.events!.append([eventsOf(ann, 1)])
    await store.close()
    const log = await PrivateLog.open(privateOptions(join(home, 'private'), ann))
    await log.append([eventsOf(ann, 1)])
    await log.close()
    cpSync(home, copy, { recursive: true })
    const refusal = {
      code: 'log_copied',
      message: expect.stringContaining(copy) as string,
      remedy: expect.stringMatching(/Move a home instead of copying it.*vibetea join/) as string,
    }
    await expect(open(member(1, { directory: join(copy, 'team') }))).rejects.toMatchObject(refusal)
    await expect(PrivateLog.open(privateOptions(join(copy, 'private'), ann))).rejects.toMatchObject(refusal)
  })

  test('may be moved', async () => {
    const home = temporaryDirectory()
    const ann = member(1, { directory: join(home, 'before') })
    const store = await open(ann)
    await store.events!.append([eventsOf(ann, 1)])
    await store.close()
    renameSync(join(home, 'before'), join(home, 'after'))
    const again = await open(member(1, { directory: join(home, 'after') }))
    expect(again.events!.length).toBe(1)
  })

  test('cannot be opened twice at a time', async () => {
    const ann = member(1)
    await open(ann)
    await expect(open(ann)).rejects.toMatchObject({ code: 'log_unusable' })
  })
})
