import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  openSync,
  closeSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { HandClock, jsonl, TailRig, until } from './tail-rig.ts'

let rig: TailRig
beforeEach(() => {
  rig = new TailRig()
})
afterEach(() => rig.end())

const posix = process.platform !== 'win32'

/** Without root's rights, which no file withstands. */
async function asNobody<Value>(work: () => Promise<Value>): Promise<Value> {
  if (process.geteuid?.() !== 0) return work()
  process.seteuid?.(65_534)
  try {
    return await work()
  } finally {
    process.seteuid?.(0)
  }
}

describe('what is not a session file, or not a usual one', () => {
  test('a directory under the name of a session file is told of once, and read once it is a file', async () => {
    mkdirSync(rig.path('s.jsonl'))
    writeFileSync(rig.path('good.jsonl'), 'fine\n')
    const clock = new HandClock()
    const tail = await rig.started({ timers: clock })
    const problem =
      's.jsonl: ' +
      rig.path('s.jsonl') +
      ' is a directory, not a session file. Move it elsewhere if it is in the way.'
    expect(rig.problems).toEqual([problem])
    expect(tail.status.problems).toHaveLength(1)
    expect(rig.sink.news).toEqual(['good.jsonl@0 fine'])
    rmdirSync(rig.path('s.jsonl'))
    writeFileSync(rig.path('s.jsonl'), 'now a file\n')
    clock.advance(1000)
    await until(() => rig.sink.news.includes('s.jsonl@0 now a file'))
    await until(() => rig.problems.length === 2)
    expect(rig.problems).toEqual([problem, 's.jsonl: solved'])
  })

  test.runIf(posix)('a named pipe and a socket hold nothing up', async () => {
    execFileSync('mkfifo', [rig.path('pipe.jsonl')])
    const server = createServer().listen(rig.path('socket.jsonl'))
    await until(() => server.listening)
    writeFileSync(rig.path('good.jsonl'), 'fine\n')
    await rig.started()
    expect(rig.sink.news).toEqual(['good.jsonl@0 fine'])
    expect(rig.problems.map((line) => line.replace(rig.directory, '')).toSorted()).toEqual([
      'pipe.jsonl: /pipe.jsonl is a named pipe, not a session file. Move it elsewhere if it is in the way.',
      'socket.jsonl: /socket.jsonl is a socket, not a session file. Move it elsewhere if it is in the way.',
    ])
    rmSync(rig.path('good.jsonl'))
    execFileSync('mkfifo', [rig.path('good.jsonl')])
    await until(
      () => rig.problems.some((line) => line.startsWith('good.jsonl')),
      () => rig.problems,
    )
    await new Promise((resolve) => server.close(resolve))
  })

  test.runIf(posix)('links are followed, those in a circle left', async () => {
    mkdirSync(rig.path('real'))
    writeFileSync(rig.path('real', 's.jsonl'), 'one\n')
    symlinkSync(rig.path('real'), rig.path('real', 'loop'))
    symlinkSync(rig.directory, rig.path('up'))
    symlinkSync(rig.path('circle.jsonl'), rig.path('circle.jsonl'))
    symlinkSync(rig.path('nowhere'), rig.path('dangling.jsonl'))
    const tail = await rig.started()
    expect(rig.sink.news).toEqual(['real/s.jsonl@0 one'])
    expect(rig.problems).toHaveLength(1)
    expect(rig.problems[0]).toContain('is a symbolic link that leads back to itself. Remove the link.')
    expect(tail.status.folders).toBe(2)
  })

  test.runIf(posix)('a directory may be a link, also one inside of it', async () => {
    mkdirSync(rig.path('hidden', 'sub'), { recursive: true })
    mkdirSync(rig.path('far'))
    symlinkSync(rig.path('hidden'), rig.path('root'))
    symlinkSync(rig.path('far'), rig.path('hidden', 'link'))
    await rig.started({
      roots: [{ directory: rig.path('root'), formOf: jsonl }],
    })
    writeFileSync(rig.path('hidden', 'sub', 's.jsonl'), 'one\n')
    writeFileSync(rig.path('far', 't.jsonl'), 'two\n')
    await until(
      () => rig.sink.news.length === 2,
      () => rig.sink.news,
    )
    expect(rig.sink.news.toSorted()).toEqual(['root/link/t.jsonl@0 two', 'root/sub/s.jsonl@0 one'])
  })

  test.runIf(posix)('a file that may not be read is told of and read once it may', async () => {
    writeFileSync(rig.path('s.jsonl'), 'secret\n', { mode: 0 })
    chmodSync(rig.directory, 0o755)
    const clock = new HandClock()
    await asNobody(() => rig.started({ timers: clock }))
    expect(rig.problems).toEqual([
      `s.jsonl: VibeTea may not read ${rig.path('s.jsonl')}. Give your user the right to read it.`,
    ])
    chmodSync(rig.path('s.jsonl'), 0o644)
    clock.advance(1000)
    await until(() => rig.sink.news.length === 1)
    await until(() => rig.problems.at(-1) === 's.jsonl: solved')
  })

  test('binary data and lines without end pass in bounded memory', async () => {
    const mb = 1024 * 1024
    const fd = openSync(rig.path('huge.jsonl'), 'w')
    closeSync(fd)
    truncateSync(rig.path('huge.jsonl'), 512 * mb)
    appendFileSync(rig.path('huge.jsonl'), '\nafter\n')
    writeFileSync(
      rig.path('binary.jsonl'),
      Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * 31) & 255)),
    )
    writeFileSync(rig.path('long.jsonl'), `${'x'.repeat(16 * mb)}\n${'x'.repeat(16 * mb + 1)}\nshort\n`)
    const before = process.memoryUsage.rss()
    let peak = before
    rig.sink.before = () => {
      peak = Math.max(peak, process.memoryUsage.rss())
      return Promise.resolve()
    }
    const tail = await rig.started()
    expect(rig.sink.news.filter((line) => !line.startsWith('binary'))).toEqual(
      expect.arrayContaining([
        `huge.jsonl@${512 * mb + 1} after`,
        `long.jsonl@0 ${16 * mb} bytes`,
        `long.jsonl@${32 * mb + 3} short`,
      ]),
    )
    expect(tail.status.skippedLines).toBe(2)
    expect((peak - before) / mb).toBeLessThan(250)
  })

  test('a root that is a file is told of', async () => {
    writeFileSync(rig.path('file'), '')
    await rig.started({ roots: [{ directory: rig.path('file'), formOf: () => 'lines' }] })
    expect(rig.problems).toEqual([`file: ${rig.path('file')} is not a directory. Name a directory.`])
  })
})
