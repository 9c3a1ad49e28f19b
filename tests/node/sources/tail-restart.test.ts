import {
  appendFileSync,
  mkdirSync,
  renameSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { VibeTeaError } from '../../../core/errors.ts'
import { TailRig, until } from './tail-rig.ts'

let rig: TailRig
beforeEach(() => {
  rig = new TailRig()
})
afterEach(() => rig.end())

describe('after a restart', () => {
  test('a file that has not changed is not read, and goes on where it was when it grows', async () => {
    writeFileSync(rig.path('s.jsonl'), '\ufeffone\r\ntwo\r\n')
    await rig.started()
    await rig.restarted()
    expect(rig.sink.calls).toEqual([])
    appendFileSync(rig.path('s.jsonl'), 'three\r\n')
    await until(() => rig.sink.news.length > 0)
    expect(rig.sink.calls[0]).toBe('begin s.jsonl 13')
    expect(rig.sink.news).toEqual(['s.jsonl@13 three'])
  })

  test('one that was written to lately is read again, and nothing in it is new', async () => {
    writeFileSync(rig.path('old.jsonl'), 'one\n')
    writeFileSync(rig.path('late.jsonl'), 'one\ntwo\n')
    const hourAgo = new Date(Date.now() - 3_600_000)
    utimesSync(rig.path('old.jsonl'), hourAgo, hourAgo)
    await rig.started()
    await rig.restarted({ readAgainMs: 60_000 })
    expect(rig.sink.calls).toEqual(['begin late.jsonl 8', 'end late.jsonl'])
    expect(rig.sink.news).toEqual([])
    appendFileSync(rig.path('late.jsonl'), 'three\n')
    await until(() => rig.sink.news.length > 0)
    expect(rig.sink.calls.filter((call) => call.startsWith('begin'))).toEqual(['begin late.jsonl 8'])
    expect(rig.sink.news).toEqual(['late.jsonl@8 three'])
  })

  test('one that was not written to for long is forgotten, and read again from its beginning when it grows', async () => {
    writeFileSync(rig.path('old.jsonl'), 'one\n')
    writeFileSync(rig.path('late.jsonl'), 'one\n')
    const hourAgo = new Date(Date.now() - 3_600_000)
    utimesSync(rig.path('old.jsonl'), hourAgo, hourAgo)
    const tail = await rig.started({ readAgainMs: 60_000 })
    tail.forgetOld()
    expect(rig.sink.calls.at(-1)).toBe('forget old.jsonl')
    appendFileSync(rig.path('old.jsonl'), 'two\n')
    appendFileSync(rig.path('late.jsonl'), 'two\n')
    await until(() => rig.sink.news.length === 4)
    expect(rig.sink.news.slice(2).toSorted()).toEqual(['late.jsonl@4 two', 'old.jsonl@4 two'])
    expect(rig.sink.calls.filter((call) => call.startsWith('begin'))).toEqual([
      'begin old.jsonl 0',
      'begin late.jsonl 0',
      'begin old.jsonl 4',
    ])
  })

  test('a file that was only touched is not read either', async () => {
    writeFileSync(rig.path('s.jsonl'), 'one\n')
    await rig.started()
    const later = new Date(Date.now() + 60_000)
    utimesSync(rig.path('s.jsonl'), later, later)
    await rig.restarted()
    expect(rig.sink.calls).toEqual([])
  })

  test('a file that has grown meanwhile is read from its beginning, with the place from which lines are new', async () => {
    writeFileSync(rig.path('s.jsonl'), 'one\ntwo\nhal')
    await rig.started()
    await rig.stop()
    appendFileSync(rig.path('s.jsonl'), 'f\nthree\n')
    await rig.restarted()
    expect(rig.sink.calls).toEqual(['begin s.jsonl 8', 'end s.jsonl'])
    expect(rig.sink.news).toEqual(['s.jsonl@8 half', 's.jsonl@13 three'])
  })

  test('what the sink still held is handed over again, what it has dealt with since is not', async () => {
    writeFileSync(rig.path('s.jsonl'), 'one\ntwo\n')
    rig.sink.answer = () => 4
    await rig.started()
    await rig.restarted()
    expect(rig.sink.news).toEqual(['s.jsonl@4 two'])
    rig.sink.answer = () => 4
    appendFileSync(rig.path('s.jsonl'), 'three\n')
    const tail = await rig.restarted()
    tail.dealtWith(rig.path('s.jsonl'), Infinity)
    await rig.restarted()
    expect(rig.sink.calls).toEqual([])
  })

  test('a file that was cut or replaced meanwhile is new', async () => {
    mkdirSync(rig.path('tmp'))
    for (const name of ['cut', 'other', 'rewritten']) writeFileSync(rig.path(`${name}.jsonl`), 'one\ntwo\n')
    await rig.started()
    await rig.stop()
    writeFileSync(rig.path('cut.jsonl'), 'one\n')
    writeFileSync(rig.path('tmp', 'x'), 'eins\nzwei\n')
    renameSync(rig.path('tmp', 'x'), rig.path('other.jsonl'))
    writeFileSync(rig.path('rewritten.jsonl'), 'ONE\nTWO\n')
    const later = new Date(Date.now() + 60_000)
    utimesSync(rig.path('rewritten.jsonl'), later, later)
    await rig.restarted()
    expect(rig.sink.calls.filter((call) => call.startsWith('begin')).toSorted()).toEqual([
      'begin cut.jsonl 0',
      'begin other.jsonl 0',
      'begin rewritten.jsonl 0',
    ])
    expect(rig.sink.news).toHaveLength(5)
  })

  test('a file that was cut meanwhile, and has grown beyond its place again, is new', async () => {
    writeFileSync(rig.path('s.jsonl'), `${'x'.repeat(2000)}\ndropped\n`)
    await rig.started()
    await rig.stop()
    truncateSync(rig.path('s.jsonl'), 2001)
    appendFileSync(rig.path('s.jsonl'), 'instead\nand more\n')
    await rig.restarted()
    expect(rig.sink.calls[0]).toBe('begin s.jsonl 0')
    expect(rig.sink.news.slice(1)).toEqual(['s.jsonl@2001 instead', 's.jsonl@2009 and more'])
  })

  test('places of files that are gone are dropped, those of a directory that is away are kept', async () => {
    const roots = ['stays', 'drive'].map((name) => ({
      directory: rig.path(name),
      formOf: () => 'lines' as const,
    }))
    for (const { directory } of roots) {
      mkdirSync(directory)
      writeFileSync(`${directory}/s.jsonl`, 'one\n')
    }
    await rig.started({ roots })
    await rig.stop()
    rmSync(rig.path('stays', 's.jsonl'))
    renameSync(rig.path('drive'), rig.path('elsewhere'))
    await rig.restarted({ roots })
    expect([...rig.cursors.byPath.keys()]).toEqual([rig.path('drive', 's.jsonl')])
    await rig.stop()
    renameSync(rig.path('elsewhere'), rig.path('drive'))
    await rig.restarted({ roots })
    expect(rig.sink.calls).toEqual([])
  })

  test('places are saved only once the sink has taken the lines', async () => {
    writeFileSync(rig.path('s.jsonl'), 'one\n')
    const taken: (() => void)[] = []
    rig.sink.before = () => new Promise((resolve) => taken.push(resolve))
    const started = rig.tail().start()
    await until(() => taken.length === 1)
    expect(rig.cursors.byPath.size).toBe(0)
    for (const take of taken) take()
    await started
    expect(rig.cursors.byPath.get(rig.path('s.jsonl'))).toMatchObject({ offset: 4, headBytes: 4 })
  })
})

describe('when something does not take what it is given', () => {
  test('lines the sink refuses are handed over again, and the reason is told once', async () => {
    writeFileSync(rig.path('s.jsonl'), 'one\n')
    let refusals = 0
    rig.sink.before = () => {
      if (refusals++ < 1)
        return Promise.reject(new VibeTeaError('disk_full', 'The disk is full.', 'Make room.'))
      return Promise.resolve()
    }
    const tail = await rig.started()
    expect(rig.problems).toEqual(['s.jsonl: The disk is full. Make room.'])
    expect(tail.status.problems).toHaveLength(1)
    await until(() => rig.sink.news.length === 1)
    await until(() => rig.problems.at(-1) === 's.jsonl: solved')
    expect(rig.sink.news).toEqual(['s.jsonl@0 one'])
    expect(rig.cursors.byPath.size).toBe(0)
    await until(() => rig.cursors.byPath.size === 1)
  })

  test('places that cannot be saved are told of and saved later', async () => {
    writeFileSync(rig.path('s.jsonl'), 'one\n')
    await rig.started()
    rig.cursors.failWith = new Error('SQLITE_FULL')
    appendFileSync(rig.path('s.jsonl'), 'two\n')
    await until(() => rig.problems.length === 1)
    expect(rig.problems[0]).toContain('cannot be saved: SQLITE_FULL')
    rig.cursors.failWith = null
    await until(() => rig.cursors.byPath.get(rig.path('s.jsonl'))?.offset === 8)
    expect(rig.problems).toHaveLength(2)
  })
})
