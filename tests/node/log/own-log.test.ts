import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { connect, eventsOf, hostile, type Member, member, open, testTimers, until } from './team.ts'

const blocksOf = (someone: Member, count: number, from = 0) =>
  eventsOf(someone, count, from).map((event) => [event])

/** All bytes of a directory's files. */
function contents(directory: string): Buffer {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  )
  return Buffer.concat(files.map((file) => readFileSync(join(file.parentPath, file.name))))
}

describe("A device's own log", () => {
  test('is written with its secret, which the store never holds', async () => {
    const ann = member(1)
    const store = await open(ann)
    await store.events!.append(blocksOf(ann, 20))
    await store.state!.append([new Uint8Array(100).fill(65)])
    await store.close()
    const stored = contents(ann.options.directory)
    expect(stored.includes(Buffer.from(ann.writer.device))).toBe(true)
    expect(stored.includes(Buffer.from(ann.secret))).toBe(false)
    expect(stored.includes('web-app')).toBe(false)
  })

  test('is there again, at the same key, after it is opened again', async () => {
    const ann = member(1)
    const store = await open(ann)
    await store.events!.append(blocksOf(ann, 3))
    await store.close()
    const again = await open(ann)
    expect(again.events!.core).toBe(store.events!.core)
    expect((await again.events!.read(1, 10)).map(({ seq, events }) => [seq, events])).toEqual(
      blocksOf(ann, 2, 1).map((events, i) => [i + 1, events]),
    )
  })

  test('is another one in another incarnation; the one before is followed like anybody’s', async () => {
    const ann = member(1)
    const store = await open(ann)
    await store.events!.append(blocksOf(ann, 1))
    await store.close()
    const next = member(1, { incarnation: new Uint8Array(8).fill(99), directory: ann.options.directory })
    const again = await open(next)
    expect(again.events!.length).toBe(0)
    again.follow(ann.writer)
    await until(() => again.logs().length === 2)
    const before = again.logs().find(({ core }) => core === store.events!.core)!
    expect((await before.read(0, 1))[0]!.events).toEqual(blocksOf(ann, 1)[0])
  })

  test('tells whether a connected peer has all of it', async () => {
    const [ann, ben] = [member(1), member(2)]
    const [a, b] = [await open(ann), await open(ben)]
    b.follow(ann.writer)
    await a.events!.append(blocksOf(ann, 1))
    expect(a.events!.isHeldByAPeer()).toBe(false)
    const disconnect = connect(a, b)
    await until(() => a.events!.isHeldByAPeer())
    await disconnect()
    await until(() => !a.events!.isHeldByAPeer())
  })
})

describe('A log that lost its end', () => {
  /** Ann, whose home was set back to `kept` of the `written` blocks, and Ben, who has them all. */
  async function restored(kept: number, written: number) {
    const [ann, ben] = [member(1), member(2)]
    const [a, b] = [await open(ann), await open(ben)]
    b.follow(ann.writer)
    await a.events!.append(blocksOf(ann, written))
    const disconnect = connect(a, b)
    await until(() => a.events!.isHeldByAPeer())
    await disconnect()
    await a.close()
    const old = member(1)
    const backup = await open(old)
    await backup.events!.append(blocksOf(old, kept))
    return {
      ann: backup,
      ben: b,
      benReads: b.logs().find(({ device }) => device === ann.writer.device)!,
      who: old,
    }
  }

  test('has it again from a peer before anything is appended', async () => {
    const ann = member(1)
    const full = blocksOf(ann, 5)
    const first = await open(ann)
    await first.events!.append(full)
    const blocks = (await first.events!.get(0, 5)) as Uint8Array[]
    await first.close()
    const peer = await hostile(ann)
    const back = member(1)
    for (const length of [2, 5]) {
      await peer.append(...blocks.slice(peer.core.length, length))
      const store = await open(back)
      const disconnect = connect(store, peer)
      expect(await store.events!.recovered()).toBe('ok')
      expect((await store.events!.read(0, 10)).map(({ events }) => events)).toEqual(full.slice(0, length))
      await disconnect()
      await store.close()
    }
    const store = await open(back)
    await store.events!.append(blocksOf(ann, 1, 5))
    expect(store.events!.length).toBe(6)
  })

  test('is lost where a peer knows of more than anybody can give', async () => {
    const timers = testTimers()
    const peer = await hostile(member(1))
    await peer.append(Buffer.from('one'), Buffer.from('two'))
    await peer.core.clear(1, 2)
    const store = await open(member(1, { timers }))
    connect(store, peer)
    let result = ''
    void store.events!.recovered().then((answer) => (result = answer))
    await until(() => {
      timers.advance(250)
      return result !== ''
    })
    expect(result).toBe('lost')
  })

  test('is not held by a peer that has another history of the same length', async () => {
    const { ann, ben } = await restored(1, 2)
    await ann.events!.append(blocksOf(member(1), 1, 7))
    connect(ann, ben)
    expect(await ann.events!.recovered()).toBe('ok')
    expect(ann.events!.isHeldByAPeer()).toBe(false)
  })

  test('goes on after ten seconds where nobody knows it', async () => {
    const timers = testTimers()
    const ann = member(1, { timers })
    const store = await open(ann)
    let result = ''
    void store.events!.recovered().then((answer) => (result = answer))
    for (let i = 0; i < 39; i++) {
      timers.advance(250)
      await new Promise(setImmediate)
    }
    expect(result).toBe('')
    for (let i = 0; i < 3; i++) {
      timers.advance(250)
      await new Promise(setImmediate)
    }
    await until(() => result === 'ok')
  })

  test('is not to be written where it is closed while it waits', async () => {
    const timers = testTimers()
    const store = await open(member(1, { timers }))
    const result = store.state!.recovered()
    await store.close()
    timers.advance(10_000)
    await new Promise(setImmediate)
    timers.advance(10_000)
    expect(await result).toBe('lost')
  })

  test('is lost where it was written before a peer was met, and the peer keeps what it had', async () => {
    const { ann, ben, benReads, who } = await restored(2, 4)
    let conflicts = 0
    ann.events!.onConflict(() => conflicts++)
    await ann.events!.append(blocksOf(who, 3, 100))
    connect(ann, ben)
    await until(() => conflicts === 1 && benReads.problem !== null)
    expect(benReads.problem).toMatch(/two histories/)
    expect(benReads.length).toBe(4)
    expect(await ann.events!.recovered()).toBe('lost')
    expect(await ann.events!.read(0, 10)).toEqual([])
    await expect(ann.events!.append(blocksOf(who, 1, 200))).rejects.toMatchObject({ code: 'log_conflict' })
  })
})
