import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Assistant } from '../../../core/events.ts'
import { describeSessions } from '../../../node/sources/describe.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vibetea-describe-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

function file(...names: string[]): void {
  mkdirSync(join(folder, ...names.slice(0, -1)), { recursive: true })
  writeFileSync(join(folder, ...names), '')
}

function described(assistant: Assistant): Promise<string> {
  const all = describeSessions({ [assistant]: [folder] }, { env: {}, homeDirectory: folder })
  return all.find((each) => each.assistant === assistant)!.look()
}

test('session files are counted as the node follows them', async () => {
  expect(await described('claude')).toBe(`no sessions yet in ${join(folder, 'projects')}`)
  file('projects', '-tea', 'a.jsonl')
  file('projects', '-tea', 'a', 'tool-results', 'b.jsonl')
  file('projects', '-tea', 'notes.md')
  expect(await described('claude')).toBe(`1 session file in ${join(folder, 'projects')}`)
  file('projects', '-tea', 'c.jsonl')
  expect(await described('claude')).toBe(`2 session files in ${join(folder, 'projects')}`)
})

test('databases are counted by themselves, without what belongs to them', async () => {
  file('opencode.db')
  file('opencode.db-wal')
  file('opencode.db-shm')
  file('auth.json')
  expect(await described('opencode')).toBe(`1 database in ${folder}`)
  file('opencode-next.db')
  expect(await described('opencode')).toBe(`2 databases in ${folder}`)
})

test('a database that cannot be read is named, with what to do', async () => {
  file('opencode.db')
  const path = join(folder, 'opencode.db')
  writeFileSync(path, `SQLite format 3\0${'tea'.repeat(3000)}`)
  await expect(described('opencode')).rejects.toMatchObject({
    sentence: `${path}: OpenCode's database is no database, or a damaged one. Move it away, or put a good copy in its place.`,
  })
})
