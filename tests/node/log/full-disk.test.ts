import { execFileSync } from 'node:child_process'
import { afterEach, expect, test } from 'vitest'
import { connect, connectToItsEnd, eventsOf, member, open, testTimers, until } from './team.ts'

/** Lets files of this process grow no more, as on a full disk (Linux). */
function fillDisk(): void {
  execFileSync('prlimit', ['--pid', String(process.pid), '--fsize=100:'])
}

function makeRoom(): void {
  execFileSync('prlimit', ['--pid', String(process.pid), '--fsize=unlimited:'])
}

// The size of a process's files can be bounded without privileges on Linux only.
if (process.platform === 'linux') {
  afterEach(makeRoom)

  test('Once a full disk has room again, a log is appended to and connections go on', async () => {
    const [ann, ben] = [member(1), member(2)]
    const [a, b] = [await open(ann), await open(ben)]
    a.follow(ben.writer)
    b.follow(ann.writer)
    connect(a, b)
    await a.events!.append([eventsOf(ann, 3)])
    const annAtBens = () => b.logs().find(({ core }) => core === a.events!.core)
    const benAtAnns = () => a.logs().find(({ core }) => core === b.events!.core)
    await until(() => annAtBens()?.length === 1)
    fillDisk()
    for (let i = 0; i < 2; i++) await expect(a.events!.append([eventsOf(ann, 3, 3)])).rejects.toThrow()
    makeRoom()
    await a.events!.append([eventsOf(ann, 3, 3)])
    expect((await a.events!.read(0, 10)).map(({ events }) => events)).toEqual([
      eventsOf(ann, 3),
      eventsOf(ann, 3, 3),
    ])
    await until(() => annAtBens()?.length === 2)
    await b.events!.append([eventsOf(ben, 1)])
    await until(() => benAtAnns()?.length === 1)
  })

  test('Once a full disk has room again, who only reads goes on by itself', async () => {
    const timers = testTimers()
    const [ann, reader] = [member(1), member(2, { role: 'reader', timers })]
    const [a, r] = [await open(ann), await open(reader)]
    r.follow(ann.writer)
    await a.events!.append([eventsOf(ann, 1), eventsOf(ann, 1, 1)])
    await until(() => r.logs().length === 1)
    r.follow(member(3).writer)
    fillDisk()
    await connectToItsEnd(a, r)
    expect(r.logs()[0]!.length).toBe(0)
    const sentence = /team's logs cannot be written: .*It is tried again/
    await until(() => reader.said.some((said) => sentence.test(said)))
    makeRoom()
    connect(a, r)
    await until(() => {
      timers.advance(10_000)
      return r.logs()[0]!.length === 2
    })
    expect((await r.logs()[0]!.read(0, 10)).map(({ events }) => events.length)).toEqual([1, 1])
    expect(r.logs()).toHaveLength(2)
  })
}
