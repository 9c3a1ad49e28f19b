import { describe, expect, test } from 'vitest'
import { connect, eventsOf, member, open, until } from './team.ts'

describe('The logs of a team', () => {
  test('reach a teammate, event by event, and nobody who has no key', async () => {
    const [ann, ben, mirror] = [member(1), member(2), member(3, { role: 'mirror' })]
    const [a, b, m] = [await open(ann), await open(ben), await open(mirror)]
    for (const store of [a, b, m]) for (const { writer } of [ann, ben, mirror]) store.follow(writer)
    connect(a, m)
    connect(m, b)
    const events = eventsOf(ann, 3)
    await a.events!.append([events.slice(0, 2), events.slice(2)])
    const annAtBens = () => b.logs().find(({ core }) => core === a.events!.core)
    await until(() => annAtBens()?.length === 2)
    const blocks = await annAtBens()!.read(0, 10)
    expect(blocks.map((block) => block.events)).toEqual([events.slice(0, 2), events.slice(2)])
    expect(m.logs().map(({ length }) => length)).toEqual([2, 0])
    expect(await m.logs()[0]!.read(0, 10)).toEqual([])
  })
})
