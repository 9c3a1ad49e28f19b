import { appendFileSync, mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Tail } from '../../../node/sources/tail.ts'
import { SWEEP_MS } from '../../../node/sources/tail-sweep.ts'
import { watchLimit } from '../../../node/sources/tail-watch.ts'
import { HandClock, limitedWatch, silentWatch, TailRig, until } from './tail-rig.ts'

let rig: TailRig
let clock: HandClock
beforeEach(() => {
  rig = new TailRig()
  clock = new HandClock()
})
afterEach(() => rig.end())

/** Lets so many seconds pass, each with its sweep, and then waits for the line while the clock stands. */
/** Lets a second go by once the sweep before is over, so that the next one begins. */
async function sweepOnce(): Promise<void> {
  await until(() => clock.isDueIn(SWEEP_MS))
  clock.advance(SWEEP_MS)
}

async function noticedWithin(seconds: number, line: string): Promise<void> {
  for (let i = 0; i < seconds && !rig.sink.news.includes(line); i++) await sweepOnce()
  await until(
    () => rig.sink.news.includes(line),
    () => rig.sink.news,
  )
}

function age(path: string, ms: number): void {
  const time = new Date(clock.now() - ms)
  utimesSync(path, time, time)
}

const network = { polledFileSystem: () => Promise.resolve('nfs') }
const HOUR = 3_600_000

describe('where the system keeps silent', () => {
  test('a line in a recent file is noticed within a second', async () => {
    writeFileSync(rig.path('s.jsonl'), 'one\n')
    await rig.started({ timers: clock, watchFolder: silentWatch })
    appendFileSync(rig.path('s.jsonl'), 'two\n')
    await noticedWithin(1, 's.jsonl@4 two')
  })

  test('a line in an old file, and a file in a new folder, are noticed within five minutes', async () => {
    mkdirSync(rig.path('a'))
    writeFileSync(rig.path('a', 'old.jsonl'), 'one\n')
    age(rig.path('a', 'old.jsonl'), HOUR)
    await rig.started({ timers: clock, watchFolder: silentWatch })
    appendFileSync(rig.path('a', 'old.jsonl'), 'two\n')
    mkdirSync(rig.path('b'))
    writeFileSync(rig.path('b', 'new.jsonl'), 'three\n')
    await noticedWithin(300, 'a/old.jsonl@4 two')
    await noticedWithin(300, 'b/new.jsonl@0 three')
  })
})

describe('a file system of a network', () => {
  test('is polled: recent files and their folders each second, the rest within half a minute', async () => {
    for (const folder of ['a', 'b']) mkdirSync(rig.path(folder))
    writeFileSync(rig.path('a', 'recent.jsonl'), 'one\n')
    writeFileSync(rig.path('b', 'old.jsonl'), 'one\n')
    age(rig.path('b', 'old.jsonl'), HOUR)
    const tail = await rig.started({ timers: clock, ...network })
    expect(tail.status).toMatchObject({ folders: 3, watched: 0, polledKinds: ['nfs'], problems: [] })

    appendFileSync(rig.path('a', 'recent.jsonl'), 'two\n')
    await noticedWithin(1, 'a/recent.jsonl@4 two')
    writeFileSync(rig.path('a', 'new.jsonl'), 'beside\n')
    await noticedWithin(1, 'a/new.jsonl@0 beside')
    mkdirSync(rig.path('c'))
    writeFileSync(rig.path('c', 'new.jsonl'), 'new folder\n')
    await noticedWithin(1, 'c/new.jsonl@0 new folder')
    appendFileSync(rig.path('b', 'old.jsonl'), 'two\n')
    await noticedWithin(30, 'b/old.jsonl@4 two')
    rmSync(rig.path('a'), { recursive: true })
    await sweepOnce()
    await until(() => rig.sink.calls.includes('forget a/recent.jsonl'))
  })
})

describe('when the system allows no more watches', () => {
  const limits = [
    ['ENOSPC', 'fs.inotify.max_user_watches', 'sudo sysctl fs.inotify.max_user_watches=524288'],
    ['EMFILE', 'fs.inotify.max_user_instances', 'sudo sysctl fs.inotify.max_user_instances=1024'],
  ] as const
  test.each(limits)('%s: names the setting once, and polls the rest', async (code, setting, command) => {
    for (let i = 0; i < 6; i++) {
      mkdirSync(rig.path(`${i}`))
      writeFileSync(rig.path(`${i}`, 's.jsonl'), 'one\n')
    }
    let allowed = 3
    const tail = await rig.started({ timers: clock, watchFolder: limitedWatch(code, () => allowed) })
    expect(rig.sink.news).toHaveLength(6)
    expect(tail.status.watched).toBe(3)
    if (process.platform === 'linux') {
      expect(rig.problems).toHaveLength(1)
      expect(rig.problems[0]).toContain(setting)
      expect(rig.problems[0]).toContain(command)
    }
    appendFileSync(rig.path('5', 's.jsonl'), 'two\n')
    await noticedWithin(1, '5/s.jsonl@4 two')
    expect(rig.problems).toHaveLength(1)

    allowed = 7
    await passUntil(tail, 7)
    await until(() => rig.problems.length === 2)
    expect(rig.problems[1]).toContain('solved')
  })

  test('other systems are told of open files', () => {
    const error = Object.assign(new Error('EMFILE'), { code: 'EMFILE' })
    expect(watchLimit(error, 'darwin')?.remedy).toBe('Raise the limit: ulimit -n 10240')
    expect(watchLimit(Object.assign(new Error('EPERM'), { code: 'EPERM' }), 'win32')).toBeNull()
  })
})

async function passUntil(tail: Tail, watched: number): Promise<void> {
  for (let seconds = 0; seconds < 120 && tail.status.watched < watched; seconds++) {
    clock.advance(1000)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  expect(tail.status.watched).toBe(watched)
}
