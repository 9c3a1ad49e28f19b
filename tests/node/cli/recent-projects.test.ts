import { existsSync, utimesSync, writeFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Assistant } from '../../../core/events.ts'
import { ASSISTANTS } from '../../../core/events.ts'
import { settingsOf } from '../../../node/cli/settings.ts'
import { variableOf } from '../../../node/home/settings.ts'
import { SharingDecisions } from '../../../node/home/sharing.ts'
import { recentProjects } from '../../../node/recent-projects.ts'
import { writeAll } from '../../support/assistant-files.ts'
import { ClaudeSession } from '../../support/claude-session.ts'
import { Desk } from './support.ts'

const DAY_MS = 86_400_000

async function deskWithSessions() {
  const desk = new Desk()
  desk.env.VIBETEA_CLAUDE_DIR = join(desk.directory, 'claude')
  const now = Date.now()
  const session = (n: number, project: string, days: number) => {
    const id = `0d9e3f0a-5a5c-4f1e-9a57-${String(n).padStart(12, '0')}`
    const { path } = new ClaudeSession(
      join(desk.directory, 'claude'),
      id,
      `/code/${project}`,
      now - days * DAY_MS,
    )
      .prompt('hello')
      .response('Done.')
    const seconds = (now - days * DAY_MS) / 1000
    utimesSync(path, seconds, seconds)
    return path
  }
  const find = async () => {
    const settings = await settingsOf(desk)
    const { signal } = desk
    const found = await recentProjects({ settings, environment: desk, since: now - 30 * DAY_MS, signal })
    return found.map(({ project }) => project)
  }
  return { desk, session, find }
}

test('the projects of the last 30 days are listed, the latest first and each once', async () => {
  const { desk, session, find } = await deskWithSessions()
  session(1, 'infra', 20)
  session(2, 'web-app', 1)
  session(3, 'old', 31)
  session(4, 'acme-merger', 3)
  session(5, 'web-app', 12)
  writeFileSync(join(session(6, 'odd', 2), '..', 'notes.jsonl'), 'not a session\n')
  expect(await find()).toEqual(['web-app', 'odd', 'acme-merger', 'infra'])
  expect(existsSync(desk.home)).toBe(false)
})

test('excluded ones are not', async () => {
  const { desk, session, find } = await deskWithSessions()
  session(1, 'diary', 1)
  session(2, 'web-app', 2)
  await mkdir(desk.home, { recursive: true })
  await (await SharingDecisions.open(desk.home)).setSharing('diary', 'excluded', Date.now())
  expect(await find()).toEqual(['web-app'])
})

test('a machine without sessions has none', async () => {
  const { find } = await deskWithSessions()
  expect(await find()).toEqual([])
})

test('those of every assistant are, of one session of each in which it was written to', async () => {
  const { desk, find } = await deskWithSessions()
  await writeAll(desk.homeDirectory, Date.now() - DAY_MS)
  delete desk.env.VIBETEA_CLAUDE_DIR
  const alone = async (assistant: Assistant) => {
    for (const other of ASSISTANTS) {
      const isRead = other === assistant
      desk.env[variableOf(`${other}Dir`)] = isRead ? '' : join(desk.directory, 'nowhere')
    }
    return find()
  }
  for (const assistant of ASSISTANTS) expect(await alone(assistant), assistant).toContain('teahouse')
})
