import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Overlap } from '../../core/api.ts'
import { Overlaps } from '../../ui/lib/overlaps.svelte.ts'
import { sameFileMark, sameFileSentence } from '../../ui/lib/same-file.ts'
import { NOW, overlap } from './support.ts'

let there: Overlap[]
let asked: number
let opened: Overlaps[]
beforeEach(() => {
  vi.useFakeTimers({ now: NOW })
  there = []
  asked = 0
  opened = []
})
afterEach(() => {
  for (const overlaps of opened) overlaps.stop()
  vi.useRealTimers()
  localStorage.clear()
})

function open(): Overlaps {
  const fetch = () => {
    asked++
    return Promise.resolve({ overlaps: there })
  }
  const overlaps = new Overlaps({ fetch, storage: localStorage, now: () => Date.now() })
  opened.push(overlaps)
  return overlaps
}
const files = ({ mine }: Overlaps) => mine.map((shared) => shared.overlaps.map(({ context }) => context))
const seconds = (count: number) => vi.advanceTimersByTimeAsync(count * 1000)

describe('files that several are in', () => {
  it('are asked for at once when one is touched, and at most once a second', async () => {
    const overlaps = open()
    for (let i = 0; i < 25; i++) {
      overlaps.loadSoon()
      await seconds(0.1)
    }
    expect(asked).toBe(3)
    await seconds(1)
    expect(asked).toBe(4)
    await seconds(100)
    expect(asked).toBe(4)
  })

  it('are asked for every 30 seconds while there are any', async () => {
    const overlaps = open()
    there = [overlap()]
    await overlaps.load()
    await seconds(61)
    expect(asked).toBe(3)
    there = []
    await seconds(30)
    expect(overlaps.mine).toEqual([])
    await seconds(300)
    expect(asked).toBe(4)
  })

  it('stay shown while the node does not answer', async () => {
    let isAway = false
    const fetch = () =>
      isAway ? Promise.reject(new Error('away')) : Promise.resolve({ overlaps: [overlap()] })
    const overlaps = new Overlaps({ fetch, storage: localStorage, now: () => Date.now() })
    opened.push(overlaps)
    await overlaps.load()
    isAway = true
    await seconds(40)
    expect(files(overlaps)).toEqual([['invite.ts']])
    isAway = false
    await seconds(30)
    expect(files(overlaps)).toEqual([['invite.ts']])
  })

  it('are mine where a session of mine meets a teammate’s, and only there', async () => {
    const overlaps = open()
    there = [
      overlap({ context: 'mine.ts', fileTag: 'a' }),
      overlap({ context: 'theirs.ts', fileTag: 'b', who: ['bruno-cpqxot', 'dana-jkmcpq'] }),
      overlap({ context: 'own.ts', fileTag: 'c', who: ['ada-ybndrf', 'ada-ybndrf'] }),
    ]
    await overlaps.load()
    expect(files(overlaps)).toEqual([['mine.ts']])
    const of = (source: string) =>
      overlaps.of({ source, sessionId: 'session-0' }).map(({ context }) => context)
    expect(of('bruno-cpqxot')).toEqual(['mine.ts', 'theirs.ts'])
    expect(of('ada-ybndrf')).toEqual(['own.ts'])
  })

  it('with the same people are one matter', async () => {
    const overlaps = open()
    const at = (context: string, secondsAgo: number) =>
      overlap({ context, fileTag: context, at: NOW - secondsAgo * 1000 })
    there = [at('a.ts', 60), at('b.ts', 5)]
    await overlaps.load()
    expect(files(overlaps)).toEqual([['b.ts', 'a.ts']])
    expect(overlaps.mine[0]!.since).toBe(NOW - 5000)
  })
})

describe('what was dismissed', () => {
  it('stays so, also after a reload, until it has ended and begins anew', async () => {
    const overlaps = open()
    there = [overlap()]
    await overlaps.load()
    overlaps.dismiss(overlaps.mine[0]!)
    expect(overlaps.mine).toEqual([])
    await overlaps.load()
    expect(overlaps.mine).toEqual([])
    const reloaded = open()
    await reloaded.load()
    expect(reloaded.mine).toEqual([])
    there = []
    await reloaded.load()
    there = [overlap()]
    await reloaded.load()
    expect(files(reloaded)).toEqual([['invite.ts']])
  })

  it('comes back when somebody else comes to the file, not when one of the two opens another session', async () => {
    const overlaps = open()
    there = [overlap()]
    await overlaps.load()
    overlaps.dismiss(overlaps.mine[0]!)
    there = [overlap({ who: ['bruno-cpqxot', 'bruno-cpqxot', 'ada-ybndrf'] })]
    await overlaps.load()
    expect(overlaps.mine).toEqual([])
    there = [overlap({ who: ['dana-jkmcpq', 'bruno-cpqxot', 'ada-ybndrf'] })]
    await overlaps.load()
    expect(files(overlaps)).toEqual([['invite.ts']])
  })

  it('says nothing of another file', async () => {
    const overlaps = open()
    there = [overlap()]
    await overlaps.load()
    overlaps.dismiss(overlaps.mine[0]!)
    there = [overlap(), overlap({ fileTag: 'b', context: 'schema.sql' })]
    await overlaps.load()
    expect(files(overlaps)).toEqual([['schema.sql']])
  })

  it('is as if it had not been where the browser’s note of it is broken', async () => {
    for (const note of ['{', 'null', '{"a":1}', '[1,null]', '[["a",null]]']) {
      localStorage.setItem('vibetea.same-file', note)
      const overlaps = open()
      there = [overlap()]
      await overlaps.load()
      expect(files(overlaps)).toEqual([['invite.ts']])
    }
  })
})

describe('the words', () => {
  const nameOf = (source: string) =>
    ({ 'bruno-cpqxot': 'Bruno', 'dana-jkmcpq': 'Dana', 'ada-ybndrf': 'Ada' })[source]!
  const say = (...overlaps: Overlap[]) => sameFileSentence(overlaps, nameOf)
  const both = overlap({ who: ['bruno-cpqxot', 'dana-jkmcpq', 'ada-ybndrf'] })

  it('to oneself name who else is there', () => {
    expect(say(overlap())).toBe('Bruno’s agent is in invite.ts too')
    expect(say(both)).toBe('Bruno’s and Dana’s agents are in invite.ts too')
    expect(say(overlap({ context: '' }))).toBe('Bruno’s agent is in the same file too')
  })

  it('for several files name the latest', () => {
    const more = ['b.ts', 'c.ts'].map((context) => overlap({ context, fileTag: context }))
    expect(say(overlap(), more[0]!)).toBe('Bruno’s agent is in invite.ts and b.ts too')
    expect(say(overlap(), ...more)).toBe('Bruno’s agent is in invite.ts and 2 more files too')
  })

  it('at a row say who else is there, seen from it', () => {
    expect(sameFileMark(overlap(), 'ada-ybndrf', nameOf)).toBe('Bruno’s agent is in invite.ts too')
    expect(sameFileMark(overlap(), 'bruno-cpqxot', nameOf)).toBe('Your agent is in invite.ts too')
    expect(sameFileMark(both, 'bruno-cpqxot', nameOf)).toBe('You and Dana are in invite.ts too')
    const theirs = overlap({ who: ['bruno-cpqxot', 'dana-jkmcpq'] })
    expect(sameFileMark(theirs, 'dana-jkmcpq', nameOf)).toBe('Bruno’s agent is in invite.ts too')
    const own = overlap({ who: ['ada-ybndrf', 'ada-ybndrf'] })
    expect(sameFileMark(own, 'ada-ybndrf', nameOf)).toBe('Two of your agents are in invite.ts')
  })
})
