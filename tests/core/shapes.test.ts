import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import * as shapes from '../../core/shapes.ts'
import { SEED } from './support.ts'

describe('a base name', () => {
  test.each(['a', 'main.ts', '.env', '[...slug]+page@2.(x).svelte', 'a'.repeat(80), 'x_-._@+()[]'])(
    '%s may be shown',
    (name) => expect(shapes.isBaseName(name)).toBe(true),
  )
  test.each([
    ['', 'nothing'],
    ['.', 'a folder itself'],
    ['..', 'the folder above'],
    ['a'.repeat(81), '81 characters'],
    ['two words.ts', 'a space'],
    ['src/main.ts', 'a path'],
    ['src\\main.ts', 'a path of Windows'],
    ['main.ts\n', 'a line end'],
    ['a?b', 'a query'],
    ['müller.ts', 'other letters than ASCII'],
    ['茶.md', 'other scripts'],
    ['a\0b', 'a null character'],
    ['tokenA1B2C3D4E5F6G7H8I9J0K.txt', 'a run of 24 that mixes letters and digits'],
  ])('%j may not: %s', (name) => expect(shapes.isBaseName(name)).toBe(false))

  test('is refused from the 24th character of a run that mixes letters and digits on', () => {
    expect(shapes.isBaseName('a1'.repeat(11) + 'b')).toBe(true)
    expect(shapes.isBaseName('a1'.repeat(12))).toBe(false)
    expect(shapes.isBaseName('a'.repeat(60) + '1')).toBe(false)
    expect(shapes.isBaseName('a'.repeat(60))).toBe(true)
    expect(shapes.isBaseName('1'.repeat(60))).toBe(true)
    expect(shapes.isBaseName('a1'.repeat(11) + '-' + 'a1'.repeat(11))).toBe(true)
  })

  test.each([undefined, null, 7, ['a'], { length: 1 }, new String('main.ts')])(
    'is text: %j is not',
    (value) => expect(shapes.isBaseName(value)).toBe(false),
  )
})

describe('a project name', () => {
  test.each([
    ['share', 'share'],
    ['my project', 'my-project'],
    ['tee & 茶', 'tee----'],
    ['🍵', '-'],
    ['', 'project'],
    ['..', 'project'],
    ['a'.repeat(200), 'a'.repeat(80)],
    ['/home/anna/share', 'share'],
    ['/home/anna/share/', 'share'],
    ['C:\\Users\\anna\\share\\', 'share'],
    ['9f86d081884c7d659a2feaa0c55ad015a3bf4f1b', 'project'],
  ])('%j becomes %j', (given, name) => expect(shapes.projectName(given)).toBe(name))

  test(`always fits the rule [seed ${SEED}]`, () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (name) =>
        shapes.isBaseName(shapes.projectName(name)),
      ),
    )
  })
})

describe('names from models and proxies', () => {
  test.each(['Bash', 'mcp__linear-server__get_issue', 'container.exec', 'a:b', 'x'.repeat(128)])(
    '%s is a tool',
    (name) => expect(shapes.toolName(name)).toBe(name),
  )
  test.each(['', 'x'.repeat(129), 'Bash ', 'Bash\n', 'a/b', 'Bash("rm -rf /")', 'é'])('%j is other', (name) =>
    expect(shapes.toolName(name)).toBe('other'),
  )
  test.each(['claude-sonnet-4-5', 'openai/gpt-5', 'accounts/x/models/y', 'qwen3:8b', 'model@2026'])(
    '%s is a model',
    (name) => expect(shapes.modelName(name)).toBe(name),
  )
  test.each(['', 'a b', '/home/anna/models/x.gguf', 'C:/models/x.gguf', '../x', 'https://llm.example.com/x'])(
    'the model %j is other',
    (name) => expect(shapes.modelName(name)).toBe('other'),
  )
})

describe('ids', () => {
  test('a session id is a UUID in lower case', () => {
    expect(shapes.isSessionId('3f2b8c1e-9d4a-4e6f-8b7c-5a1d2e3f4a5b')).toBe(true)
    expect(shapes.isSessionId('3F2B8C1E-9D4A-4E6F-8B7C-5A1D2E3F4A5B')).toBe(false)
    expect(shapes.isSessionId('3f2b8c1e9d4a4e6f8b7c5a1d2e3f4a5b')).toBe(false)
  })
  test('an event id is evt_ and 20 of a to z and 0 to 9', () => {
    expect(shapes.isEventId('evt_' + 'a1'.repeat(10))).toBe(true)
    expect(shapes.isEventId('evt_' + 'a1'.repeat(9) + 'A1')).toBe(false)
    expect(shapes.isEventId('evt_' + 'a1'.repeat(9))).toBe(false)
  })
  test('a source is a name and six characters of the device', () => {
    expect(shapes.isSource('macbook-k3f9xq')).toBe(true)
    expect(shapes.isSource('a-b.c_d-k3f9xq')).toBe(true)
    expect(shapes.isSource('x'.repeat(63) + '-k3f9xq')).toBe(true)
    expect(shapes.isSource('x'.repeat(64) + '-k3f9xq')).toBe(false)
    expect(shapes.isSource('macbook')).toBe(false)
    expect(shapes.isSource('-k3f9xq')).toBe(false)
    expect(shapes.isSource('mac book-k3f9xq')).toBe(false)
    expect(shapes.isSource('macbook-k3f9xv')).toBe(false)
  })
  test('a tag is twelve characters of z-base-32', () => {
    expect(shapes.isTag('ybndrfg8ejkm')).toBe(true)
    expect(shapes.isTag('ybndrfg8ejkl')).toBe(false)
    expect(shapes.isTag('ybndrfg8ejk')).toBe(false)
  })
})

test('the last part of a path is found on every system', () => {
  expect(shapes.lastPathPart('/a/b.ts')).toBe('b.ts')
  expect(shapes.lastPathPart('C:\\a\\b.ts')).toBe('b.ts')
  expect(shapes.lastPathPart('C:\\a/b.ts')).toBe('b.ts')
  expect(shapes.lastPathPart('b.ts')).toBe('b.ts')
  expect(shapes.lastPathPart('/a/b/')).toBe('')
})
