import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { StatusAnswer } from '../../core/api.ts'
import type { Event } from '../../core/events.ts'
import { ClaudeSession } from '../support/claude-session.ts'
import type { RunningNode } from '../support/cli.ts'
import { startNode, until, vibetea } from '../support/cli.ts'
import { emptyMachine } from '../support/machine.ts'

const MINUTE = 60_000

/** A session of an assistant, in which things happen at given times. */
interface Session {
  prompt(at: number): void
  /** A call for a file of its directory. */
  edit(at: number, file: string): void
}

/** Claude Code adds lines. */
function claudeSession(directory: string, cwd: string, startsAt: number): Session {
  const session = new ClaudeSession(directory, randomUUID(), cwd, startsAt)
  let at = startsAt
  const waitUntil = (next: number) => {
    session.wait((next - at) / 1000 - 1)
    at = next
  }
  return {
    prompt(next) {
      waitUntil(next)
      session.prompt(`brew ${next}`)
    },
    edit(next, file) {
      waitUntil(next)
      session.tool('Edit', { file_path: join(cwd, file) })
    },
  }
}

/** Gemini CLI writes the whole session again. */
function geminiSession(directory: string, cwd: string, startsAt: number): Session {
  const folder = join(directory, 'tmp', randomUUID().slice(0, 8))
  const sessionId = randomUUID()
  const messages: object[] = []
  mkdirSync(join(folder, 'chats'), { recursive: true })
  writeFileSync(join(folder, '.project_root'), cwd)
  const write = (at: number, message: object) => {
    const timestamp = new Date(at).toISOString()
    messages.push({ id: randomUUID(), timestamp, ...message })
    const startTime = new Date(startsAt).toISOString()
    const session = { sessionId, projectHash: 'a'.repeat(64), startTime, lastUpdated: timestamp, messages }
    writeFileSync(
      join(folder, `chats/session-2026-01-01T00-00-${sessionId.slice(0, 8)}.json`),
      JSON.stringify(session),
    )
  }
  return {
    prompt: (at) => write(at, { type: 'user', content: `brew ${at}` }),
    edit(at, file) {
      const timestamp = new Date(at).toISOString()
      const call = {
        id: `replace-${at}-${randomUUID().slice(0, 12)}`,
        name: 'replace',
        status: 'success',
        timestamp,
      }
      const tokens = { input: 30, output: 4, cached: 10, thoughts: 6, tool: 0, total: 40 }
      const toolCalls = [{ ...call, args: { file_path: join(cwd, file) } }]
      write(at, { type: 'gemini', content: '', model: 'gemini-2.5-pro', tokens, toolCalls })
    },
  }
}

/** A machine with a repository, and a session of both assistants in some of its directories. */
function workshop(...folders: string[]) {
  const { directory, variables: more } = emptyMachine()
  const variables = { ...more, VIBETEA_GEMINI_DIR: join(directory, 'gemini') }
  const shop = join(directory, 'code/shop')
  mkdirSync(shop, { recursive: true })
  const identity = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.org', '-c', 'commit.gpgsign=false']
  for (const args of [['init'], ['commit', '--allow-empty', '-m', 'one']]) {
    execFileSync('git', ['-C', shop, ...identity, ...args], { stdio: 'ignore' })
  }
  const startsAt = Date.now() - 20 * MINUTE
  const sessions = folders.map((folder) => [
    claudeSession(join(directory, 'claude'), join(shop, folder), startsAt),
    geminiSession(join(directory, 'gemini'), join(shop, folder), startsAt),
  ])
  return { variables, home: more.VIBETEA_HOME, shop, sessions }
}

async function recorded(node: RunningNode): Promise<Event[]> {
  await until(
    () => node.get<StatusAnswer>('/api/status'),
    ({ sources, logs }) =>
      sources.every(({ backfill }) => backfill === null) && logs.every(({ behind }) => behind === 0),
  )
  return (await node.get<{ events: Event[] }>('/api/events?limit=1000')).events
}

const timesOf = (events: readonly Event[], kind: string) =>
  events
    .filter(({ payload }) => 'kind' in payload && payload.kind === kind)
    .map(({ timestamp, payload }) => `${payload.assistant} ${timestamp}`)
    .sort()

const filesOf = (events: readonly Event[]) =>
  [...new Set(events.flatMap(({ payload }) => ('context' in payload ? (payload.context ?? []) : [])))].sort()

/** Those of both assistants, as `timesOf` gives them. */
const both = (...times: number[]) =>
  ['claude', 'gemini']
    .flatMap((assistant) => times.map((at) => `${assistant} ${new Date(at).toISOString()}`))
    .sort()

const untilPrompts = (node: RunningNode, count: number) =>
  until(
    () => recorded(node),
    (events) => timesOf(events, 'prompt').length >= count,
  )

/** So that what happens on both sides of a moment cannot be taken for one another. */
const awhile = () => new Promise((resolve) => setTimeout(resolve, 100))

async function previewed(variables: Record<string, string>): Promise<Event[]> {
  const { stdout } = await vibetea(['preview', '--json'], variables)
  const lines = stdout.split('\n').filter((line) => line !== '')
  return lines.map((line) => JSON.parse(line) as Event)
}

/** Loses what a home keeps, but for the keys and what its owner decided. */
function lose(home: string, isKept: (name: string) => boolean): void {
  for (const name of readdirSync(home)) {
    if (!isKept(name) && !/^key\.|^source|^sharing\.json$/.test(name))
      rmSync(join(home, name), { recursive: true })
  }
}

const untilSeen = (home: string) =>
  until(
    async () => existsSync(join(home, 'sharing.json')) && readFileSync(join(home, 'sharing.json'), 'utf8'),
    (text) => typeof text === 'string' && text.includes('"ignored"'),
  )

type Variables = ReturnType<typeof workshop>['variables']

interface Way {
  begin(shop: string, variables: Variables): Promise<unknown>
  seen(home: string): Promise<unknown>
  end(shop: string, variables: Variables): Promise<unknown>
}

const ways: [name: string, way: Way][] = [
  [
    'while its project is excluded',
    {
      begin: (_shop, variables) => vibetea(['exclude', 'shop'], variables),
      seen: awhile,
      end: (_shop, variables) => vibetea(['private', 'shop'], variables),
    },
  ],
  [
    'in a pause',
    {
      begin: (_shop, variables) => vibetea(['pause'], variables),
      seen: awhile,
      end: (_shop, variables) => vibetea(['resume'], variables),
    },
  ],
  [
    'while it is ignored',
    {
      begin: async (shop) => writeFileSync(join(shop, '.vibeteaignore'), ''),
      seen: untilSeen,
      end: async (shop) => rmSync(join(shop, '.vibeteaignore')),
    },
  ],
]

describe('what happens in a repository', () => {
  test.each(ways)('%s is never recorded, whatever is lost and read again', async (_name, way) => {
    const { variables, home, shop, sessions } = workshop('src')
    const happens = (at: number) => {
      for (const session of sessions.flat()) session.prompt(at)
    }
    const before = Date.now() - 10 * MINUTE
    happens(before)
    let node = await startNode(variables)
    expect(timesOf(await untilPrompts(node, 2), 'prompt')).toEqual(both(before))

    await way.begin(shop, variables)
    await awhile()
    happens(Date.now())
    await way.seen(home)
    await awhile()
    await way.end(shop, variables)
    await awhile()
    const after = Date.now()
    happens(after)
    const expected = both(before, after)
    const events = await untilPrompts(node, 4)
    expect(timesOf(events, 'prompt')).toEqual(expected)
    const times = new Set(events.map(({ timestamp }) => Date.parse(timestamp)))
    expect([...times].sort((a, b) => a - b)).toEqual([before, after])

    for (const isKept of [(name: string) => !name.startsWith('state.db'), () => false]) {
      await node.end('SIGTERM')
      lose(home, isKept)
      node = await startNode(variables)
      expect(timesOf(await untilPrompts(node, 4), 'prompt')).toEqual(expected)
    }
    expect(timesOf(await previewed(variables), 'prompt')).toEqual(expected)
  })

  test('and matches its patterns is never recorded, and everything else is', async () => {
    const { variables, home, shop, sessions } = workshop('src', 'secret/plans')
    const [open, hidden] = sessions as [Session[], Session[]]
    const before = Date.now() - 10 * MINUTE
    for (const session of [...open, ...hidden]) session.prompt(before)
    let node = await startNode(variables)
    await untilPrompts(node, 4)

    writeFileSync(join(shop, '.vibeteaignore'), '# not for others\n/secret/\n*.pem\n')
    await awhile()
    const during = Date.now()
    for (const session of hidden) session.prompt(during)
    for (const session of open) {
      session.edit(during, 'app.ts')
      session.edit(during, 'key.pem')
      session.prompt(during)
    }
    const events = await untilPrompts(node, 6)
    expect(filesOf(events)).toEqual(['app.ts'])
    await untilSeen(home)
    rmSync(join(shop, '.vibeteaignore'))
    await awhile()
    const after = Date.now()
    for (const session of [...open, ...hidden]) session.prompt(after)
    const expected = [...both(before, before), ...both(during), ...both(after, after)].sort()
    expect(timesOf(await untilPrompts(node, 10), 'prompt')).toEqual(expected)

    await node.end('SIGTERM')
    lose(home, () => false)
    node = await startNode(variables)
    const again = await untilPrompts(node, 10)
    expect([timesOf(again, 'prompt'), filesOf(again)]).toEqual([expected, ['app.ts']])
    const seen = await previewed(variables)
    expect([timesOf(seen, 'prompt'), filesOf(seen)]).toEqual([expected, ['app.ts']])
  })

  test('in a linked work tree is as ignored as in the main one, from the next line on', async () => {
    const { variables, shop } = workshop()
    const linked = join(shop, '../shop-hotfix')
    execFileSync('git', ['-C', shop, 'worktree', 'add', linked], { stdio: 'ignore' })
    const session = claudeSession(variables.VIBETEA_CLAUDE_DIR, linked, Date.now() - 20 * MINUTE)
    const before = Date.now() - MINUTE
    session.prompt(before)
    const node = await startNode(variables)
    await untilPrompts(node, 1)
    writeFileSync(join(shop, '.vibeteaignore'), '')
    session.prompt(Date.now())
    await untilSeen(variables.VIBETEA_HOME)
    execFileSync('git', ['-C', shop, 'worktree', 'remove', '--force', linked])
    session.prompt(Date.now())
    await awhile()
    expect(timesOf(await recorded(node), 'prompt')).toEqual([`claude ${new Date(before).toISOString()}`])
    expect(await previewed(variables)).toEqual([])
  })
})

test('projects have the names that config.json gives them, for the node and for preview', async () => {
  const { variables, home, shop, sessions } = workshop('src')
  mkdirSync(home, { recursive: true })
  const at = Date.now() - MINUTE
  for (const session of sessions.flat()) session.prompt(at)
  const config = (aliases: object) =>
    writeFileSync(join(home, 'config.json'), JSON.stringify({ projectAliases: aliases }))
  const projectsOf = (events: readonly Event[]) => new Set(events.map(({ payload }) => payload.project))
  config({ shop: 'tea company' })
  const node = await startNode(variables)
  expect(projectsOf(await untilPrompts(node, 2))).toEqual(new Set(['tea-company']))
  expect(projectsOf(await previewed(variables))).toEqual(new Set(['tea-company']))
  await vibetea(['exclude', 'tea-company'], variables)
  expect(await previewed(variables)).toEqual([])
  config({ [shop]: 'another' })
  expect(projectsOf(await previewed(variables))).toEqual(new Set(['another']))
  config({ [shop]: '' })
  const { code, stderr } = await vibetea(['preview'], variables)
  expect([code, stderr]).toEqual([
    1,
    expect.stringContaining(`"projectAliases" in ${join(home, 'config.json')}`),
  ])
})
