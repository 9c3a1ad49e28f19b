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
import { TailRig, until } from './tail-rig.ts'

let rig: TailRig
beforeEach(() => {
  rig = new TailRig()
})
afterEach(() => rig.end())

const news = () => rig.sink.news
const noticed = (line: string) => until(() => news().includes(line), news)

describe('what was there at the start', () => {
  test('is read to its last whole line, the file that began first before the others', async () => {
    for (const [name, age] of [
      ['old', 3000],
      ['new', 10],
      ['middle', 200],
    ] as const) {
      writeFileSync(rig.path(`${name}.jsonl`), `${name} 1\n${name} 2\nhalf`)
      const time = new Date(Date.now() - age * 1000)
      utimesSync(rig.path(`${name}.jsonl`), time, time)
    }
    writeFileSync(rig.path('other.txt'), 'not a session\n')
    const begun: string[] = []
    rig.sink.before = (name) => {
      begun.push(name)
      return Promise.resolve()
    }
    const tail = await rig.started()
    expect(begun).toEqual(['old.jsonl', 'middle.jsonl', 'new.jsonl'])
    expect(news().toSorted()).toEqual([
      'middle.jsonl@0 middle 1',
      'middle.jsonl@9 middle 2',
      'new.jsonl@0 new 1',
      'new.jsonl@6 new 2',
      'old.jsonl@0 old 1',
      'old.jsonl@6 old 2',
    ])
    expect(tail.status).toMatchObject({ files: 3, folders: 1, watched: 1, caughtUp: true, problems: [] })
  })

  test('lies in folders of any depth, each with its own lines', async () => {
    mkdirSync(rig.path('a', 'b', 'c'), { recursive: true })
    writeFileSync(rig.path('a', 'one.jsonl'), 'x\n')
    writeFileSync(rig.path('a', 'b', 'c', 'two.jsonl'), 'y\r\n')
    await rig.started()
    expect(news().toSorted()).toEqual(['a/b/c/two.jsonl@0 y', 'a/one.jsonl@0 x'])
  })

  test('tells how it comes along', async () => {
    for (let i = 0; i < 20; i++) writeFileSync(rig.path(`${i}.jsonl`), 'line\n'.repeat(10))
    const done: number[] = []
    const tail = await rig.started({ onProgress: ({ bytesDone, bytes }) => done.push(bytesDone / bytes) })
    expect(done).toEqual(done.toSorted((a, b) => a - b))
    expect(done.at(-1)).toBe(1)
    expect(tail.status.progress).toEqual({ files: 20, filesDone: 20, bytes: 1000, bytesDone: 1000 })
  })
})

describe('while much is still to be read', () => {
  test('what comes now does not wait for it', async () => {
    for (let i = 0; i < 10; i++) writeFileSync(rig.path(`old-${i}.jsonl`), 'old\n')
    let letOldOnes: () => void = () => undefined
    const released = new Promise<void>((resolve) => (letOldOnes = resolve))
    rig.sink.before = (name) => (name.startsWith('old') ? released : Promise.resolve())
    const started = rig.tail().start()
    await until(() => rig.sink.calls.length === 1)
    writeFileSync(rig.path('now.jsonl'), 'now\n')
    await noticed('now.jsonl@0 now')
    expect(news()).toHaveLength(1)
    letOldOnes()
    await started
    expect(news()).toHaveLength(11)
  })

  test('an end in the middle keeps what was taken, and the next start goes on there', async () => {
    writeFileSync(rig.path('long.jsonl'), `${'x'.repeat(99)}\n`.repeat(10_000))
    let pieces = 0
    const tail = rig.tail()
    let closed: Promise<void> = Promise.resolve()
    rig.sink.before = () => {
      if (++pieces === 2) closed = tail.close()
      return Promise.resolve()
    }
    await tail.start()
    await closed
    const taken = news().length
    expect(tail.status.caughtUp).toBe(false)
    expect(taken).toBeGreaterThan(2000)
    expect(taken).toBeLessThan(10_000)
    await rig.restarted()
    expect(news()).toHaveLength(10_000 - taken)
  })
})

describe('what comes later', () => {
  test('a line appended to a file is handed over, half a line once it is whole', async () => {
    writeFileSync(rig.path('s.jsonl'), 'one\n')
    await rig.started()
    appendFileSync(rig.path('s.jsonl'), 'two\nthr')
    await noticed('s.jsonl@4 two')
    appendFileSync(rig.path('s.jsonl'), 'ee\n')
    await noticed('s.jsonl@8 three')
    expect(news()).toEqual(['s.jsonl@0 one', 's.jsonl@4 two', 's.jsonl@8 three'])
  })

  test('new files and new folders are followed, however quickly they are made', async () => {
    await rig.started()
    writeFileSync(rig.path('new.jsonl'), 'a\n')
    mkdirSync(rig.path('x', 'y', 'z'), { recursive: true })
    writeFileSync(rig.path('x', 'y', 'z', 'deep.jsonl'), 'b\n')
    await noticed('new.jsonl@0 a')
    await noticed('x/y/z/deep.jsonl@0 b')
    appendFileSync(rig.path('x', 'y', 'z', 'deep.jsonl'), 'c\n')
    await noticed('x/y/z/deep.jsonl@2 c')
  })

  test('a folder of very many files is followed too, with what appears and goes in it', async () => {
    mkdirSync(rig.path('many'))
    for (let i = 0; i < 300; i++) writeFileSync(rig.path('many', `${i}.jsonl`), 'one\n')
    const tail = await rig.started()
    expect(news()).toHaveLength(300)
    expect(tail.status).toMatchObject({ folders: 2, watched: 2 })
    appendFileSync(rig.path('many', '299.jsonl'), 'two\n')
    await noticed('many/299.jsonl@4 two')
    writeFileSync(rig.path('many', 'new.jsonl'), 'here\n')
    await noticed('many/new.jsonl@0 here')
    rmSync(rig.path('many'), { recursive: true })
    await until(() => tail.status.files === 0)
    expect(tail.status.folders).toBe(1)
  })

  test('a directory that does not exist yet is followed from when it appears, and again after it was removed', async () => {
    const directory = rig.path('later', 'projects')
    await rig.started({ roots: [{ directory, formOf: () => 'lines' }] })
    expect(rig.problems).toEqual([])
    for (const line of ['first', 'second']) {
      mkdirSync(directory, { recursive: true })
      writeFileSync(rig.path('later', 'projects', 's.jsonl'), `${line}\n`)
      await noticed(`later/projects/s.jsonl@0 ${line}`)
      rmSync(rig.path('later'), { recursive: true })
      await until(
        () => rig.sink.calls.at(-1) === 'forget later/projects/s.jsonl',
        () => rig.sink.calls,
      )
    }
  })

  test('a file that is cut begins anew, even if it has grown again since', async () => {
    const file = rig.path('s.jsonl')
    writeFileSync(file, 'one\ntwo\nthree\n')
    await rig.started()
    truncateSync(file, 4)
    await until(() => rig.sink.calls.filter((call) => call.startsWith('end')).length === 2)
    expect(rig.sink.calls).toEqual([
      'begin s.jsonl 0',
      'end s.jsonl',
      'forget s.jsonl',
      'begin s.jsonl 0',
      'end s.jsonl',
    ])
    writeFileSync(file, 'one\nTWO\n')
    await noticed('s.jsonl@4 TWO')
    writeFileSync(file, 'one\nTWO\nthree\nfour\n')
    await noticed('s.jsonl@14 four')
  })

  test('a file replaced by another under its name begins anew', async () => {
    writeFileSync(rig.path('s.jsonl'), 'one\ntwo\n')
    await rig.started()
    writeFileSync(rig.path('s.tmp'), 'uno\ndos\ntres\n')
    renameSync(rig.path('s.tmp'), rig.path('s.jsonl'))
    await noticed('s.jsonl@8 tres')
    expect(news().slice(2)).toEqual(['s.jsonl@0 uno', 's.jsonl@4 dos', 's.jsonl@8 tres'])
  })

  test('a file that is removed is forgotten, with its place', async () => {
    writeFileSync(rig.path('s.jsonl'), 'one\n')
    const tail = await rig.started()
    expect([...rig.cursors.byPath.keys()]).toEqual([rig.path('s.jsonl')])
    rmSync(rig.path('s.jsonl'))
    await until(() => rig.cursors.byPath.size === 0)
    expect(rig.sink.calls.at(-1)).toBe('forget s.jsonl')
    expect(tail.status.files).toBe(0)
  })

  test('a file removed and made again at once is read once', async () => {
    const file = rig.path('s.jsonl')
    writeFileSync(file, 'one\n')
    await rig.started()
    for (let i = 0; i < 30; i++) {
      rmSync(file)
      if (i % 3 === 0) await new Promise((resolve) => setTimeout(resolve, 1))
      writeFileSync(file, `made ${i}\n`)
      if (i % 2 === 0) await noticed(`s.jsonl@0 made ${i}`)
    }
    await noticed('s.jsonl@0 made 29')
    appendFileSync(file, 'more\n')
    await noticed('s.jsonl@8 more')
    expect(new Set(news()).size).toBe(news().length)
  })

  test('a file or folder that is renamed goes on under its new name', async () => {
    mkdirSync(rig.path('a'))
    writeFileSync(rig.path('a', 's.jsonl'), 'one\n')
    await rig.started()
    renameSync(rig.path('a', 's.jsonl'), rig.path('a', 't.jsonl'))
    await noticed('a/t.jsonl@0 one')
    renameSync(rig.path('a'), rig.path('b'))
    await noticed('b/t.jsonl@0 one')
    appendFileSync(rig.path('b', 't.jsonl'), 'two\n')
    await noticed('b/t.jsonl@4 two')
    await until(() => rig.sink.calls.includes('forget a/t.jsonl'))
  })

  test('a folder removed and made again is followed anew', async () => {
    mkdirSync(rig.path('a'))
    writeFileSync(rig.path('a', 's.jsonl'), 'one\n')
    await rig.started()
    rmSync(rig.path('a'), { recursive: true })
    mkdirSync(rig.path('a'))
    writeFileSync(rig.path('a', 's.jsonl'), 'two\n')
    await noticed('a/s.jsonl@0 two')
    appendFileSync(rig.path('a', 's.jsonl'), 'three\n')
    await noticed('a/s.jsonl@4 three')
  })

  test('nothing is read twice at once, and a change while reading is not lost', async () => {
    writeFileSync(rig.path('s.jsonl'), '')
    await rig.started()
    let inFlight = 0
    rig.sink.before = async () => {
      expect(++inFlight).toBe(1)
      await new Promise((resolve) => setTimeout(resolve, 3))
      inFlight--
    }
    for (let i = 0; i < 100; i++) {
      appendFileSync(rig.path('s.jsonl'), `${i}\n`)
      if (i % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 1))
    }
    await until(() => news().length === 100, news)
    expect(news().map((line) => line.split(' ')[1])).toEqual(Array.from({ length: 100 }, (_, i) => String(i)))
  })
})
