import { randomUUID } from 'node:crypto'
import { appendFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { EventsAnswer, StatusAnswer } from '../../core/api.ts'
import { ClaudeSession } from '../support/claude-session.ts'
import { startNode, until, vibetea } from '../support/cli.ts'
import { temporaryDirectory } from '../support/directory.ts'

/** Rings, colours, turns the reading direction. */
const CONTROL = '\u0007\u001b[31m\u202e'
const SHOWN = '[31m'
// eslint-disable-next-line no-control-regex -- what must not be there
const UNSHOWN = /[\u0000-\u0009\u000b-\u001f\u202e]|\\u00|\\u20/

test('titles, branches and names of files are shown without what a terminal or a page would obey', async () => {
  const directory = temporaryDirectory()
  const claude = join(directory, 'claude')
  const variables = { VIBETEA_HOME: join(directory, 'home'), VIBETEA_CLAUDE_DIR: claude, HOME: directory }
  const session = new ClaudeSession(claude, randomUUID(), '/code/web', Date.now() - 60_000).prompt('brew')
  const title = { type: 'custom-title', customTitle: `Kettle${CONTROL}${' and more'.repeat(100)}` }
  appendFileSync(session.path, `${JSON.stringify({ ...title, sessionId: session.sessionId })}\n`)
  const name = process.platform === 'win32' ? 'odd' : `odd${CONTROL}`
  mkdirSync(join(claude, 'projects', name, `${randomUUID()}.jsonl`), { recursive: true })

  const node = await startNode(variables)
  const { events } = await until(
    () => node.get<EventsAnswer>('/api/events'),
    (answer) => answer.events[0]?.local?.title !== undefined,
  )
  expect(events[0]?.local?.title).toBe(`Kettle${SHOWN}${' and more'.repeat(100)}`.slice(0, 200))
  const status = await node.get<StatusAnswer>('/api/status')
  expect(status.sources[0]?.problems[0]?.message).toContain('is a directory')
  expect(JSON.stringify({ events, status })).not.toMatch(UNSHOWN)
  expect(node.log()).toContain('is a directory')
  expect(node.log()).not.toMatch(UNSHOWN)
  const said = await vibetea(['status'], variables)
  expect(said.stdout.match(/odd/g)).toHaveLength(1)
})
