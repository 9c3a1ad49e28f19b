import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { bytesBeside, namesBeside, recordsBeside, stampBeside } from '../../../node/sources/beside.ts'

const LIMIT = 1000

describe('What lies beside a session file', () => {
  let folder: string

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'vibetea-beside-'))
  })
  afterEach(() => {
    rmSync(folder, { recursive: true })
  })

  function told(name: string): unknown {
    const path = join(folder, name)
    return [bytesBeside(path, LIMIT)?.toString() ?? null, [...recordsBeside(path, LIMIT)]]
  }

  test('is read, with a last line that has no end', () => {
    writeFileSync(join(folder, 'file'), '{"a":1}\n{"b":2}')

    expect(told('file')).toEqual(['{"a":1}\n{"b":2}', [{ a: 1 }, { b: 2 }]])
    expect(namesBeside(folder)).toEqual(['file'])
  })

  test('is left alone where it is not there, or a folder', () => {
    expect(told('nothing')).toEqual([null, []])
    expect(told('.')).toEqual([null, []])
    expect(namesBeside(join(folder, 'nothing'))).toEqual([])
  })

  test('is not there under a name that no file can have', () => {
    expect(told('a\0b')).toEqual([null, []])
    expect(namesBeside(join(folder, 'a\0b'))).toEqual([])
    expect(stampBeside(join(folder, 'a\0b'))).toBeNull()
  })

  test('is left alone as a whole where it is too large, and read from its beginning as lines', () => {
    const line = `{"a":"${'x'.repeat(100)}"}\n`
    writeFileSync(join(folder, 'file'), line.repeat(1000))

    expect(bytesBeside(join(folder, 'file'), LIMIT)).toBeNull()
    const count = [...recordsBeside(join(folder, 'file'), LIMIT)].length
    expect(count).toBeGreaterThan(8)
    expect(count).toBeLessThan(1000)
  })

  test('has a stamp that changes with it', () => {
    writeFileSync(join(folder, 'file'), 'tea')
    const before = stampBeside(join(folder, 'file'))
    writeFileSync(join(folder, 'file'), 'more tea')

    expect(before).not.toBeNull()
    expect(stampBeside(join(folder, 'file'))).not.toBe(before)
    expect(stampBeside(folder)).toBeNull()
  })

  test.skipIf(process.platform === 'win32')('is left alone behind a link that leads back to itself', () => {
    symlinkSync('loop', join(folder, 'loop'))

    expect(told('loop/file')).toEqual([null, []])
    expect(stampBeside(join(folder, 'loop/file'))).toBeNull()
    expect(namesBeside(join(folder, 'loop'))).toEqual([])
  })

  test.skipIf(process.platform === 'win32')('holds nobody up as a pipe or an endless device', () => {
    execFileSync('mkfifo', [join(folder, 'pipe')])
    symlinkSync('/dev/zero', join(folder, 'zero'))

    expect(told('pipe')).toEqual([null, []])
    expect(told('zero')).toEqual([null, []])
  })
})
