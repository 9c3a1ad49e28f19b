import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeEach, describe, expect, test } from 'vitest'
import { run } from '../../../node/cli/program.ts'
import { Desk } from './support.ts'

const FIXTURES = fileURLToPath(new URL('../sources/fixtures', import.meta.url))
const ROLLOUT = 'rollout-2025-09-20T10-00-00-0c0ffee0-1dea-4d0e-8a5e-7ea0cafe0001.jsonl.zst'
const PRESSED = readFileSync(join(FIXTURES, 'codex/sessions/2025/09/20', ROLLOUT))
const WHOLE = join(FIXTURES, 'claude/projects/-home-ada-teahouse/01d1ea00-0000-4000-8000-00000000c0de.jsonl')
const CHAT = JSON.stringify({
  sessionId: '5e0c7a94-1f1b-4c8e-9d0a-3b6f2a7c1e55',
  projectHash: '0'.repeat(64),
  messages: [{ id: 'm1', timestamp: '2026-06-14T15:00:00.000Z', type: 'user', content: 'Tea?' }],
})
const REMEDY = 'Put a whole copy in its place if you have one, or move it elsewhere.'

let desk: Desk
beforeEach(() => {
  desk = new Desk()
})

function file(name: string, content: string | Buffer): string {
  const path = join(desk.directory, name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, content)
  return path
}

const lines = async (...paths: string[]) => {
  const other = new Desk()
  expect(await run(['preview', '--json', ...paths], other)).toBe(0)
  return other.printed.length
}

describe('vibetea preview', () => {
  test.each([
    ['a compressed session', 'broken.jsonl.zst', PRESSED.subarray(0, PRESSED.length / 2)],
    ['a session in one object', 'broken.json', CHAT.slice(0, -20)],
    ['an indented one', 'indented.json', JSON.stringify(JSON.parse(CHAT), null, 2).slice(0, -20)],
  ])('says of %s that is cut off that nothing in it can be read, and goes on', async (_, name, bytes) => {
    const path = file(name, bytes)
    expect(await run(['preview', '--json', path, WHOLE], desk)).toBe(1)
    expect(desk.complained).toEqual([`${path} is damaged: nothing in it can be read. ${REMEDY}`])
    expect(desk.printed).toHaveLength(await lines(WHOLE))
  })

  test('prints what can be read of a session that is cut off, and says that it is not all', async () => {
    const whole = file('whole.jsonl.zst', PRESSED)
    const path = file(ROLLOUT, Buffer.concat([PRESSED, PRESSED.subarray(0, PRESSED.length / 2)]))
    expect(await run(['preview', '--json', path], desk)).toBe(1)
    expect(desk.complained).toEqual([`${path} is damaged: not all of it can be read. ${REMEDY}`])
    expect(desk.printed).toHaveLength(await lines(whole))
  })

  test('finds in a folder those that lie and are called as an assistant’s do, and leaves others alone', async () => {
    const rollout = file(`sessions/2025/09/20/${ROLLOUT}`, PRESSED.subarray(0, 40))
    const chat = file('tmp/teahouse/chats/session-2026-06-14T15-00-5e0c7a94.json', CHAT.slice(0, 90))
    file('web/package.json', '{"name": ')
    file('web/tea.zst', PRESSED.subarray(0, 40))
    expect(await run(['preview', desk.directory, WHOLE], desk)).toBe(1)
    const sentences = [chat, rollout].map(
      (path) => `${path} is damaged: nothing in it can be read. ${REMEDY}`,
    )
    expect(desk.complained.toSorted()).toEqual(sentences.toSorted())
    expect(desk.printed).toHaveLength(await lines(WHOLE))
  })

  test('says nothing of whole documents of others', async () => {
    const paths = [
      file('package.json', '{"name":"tea"}'),
      file('notes.md', '[tea](tea.md) {'),
      file('no.json', ''),
    ]
    expect(await run(['preview', ...paths], desk)).toBe(0)
    expect(desk.complained).toEqual([])
    expect(desk.printed).toEqual([])
  })
})
