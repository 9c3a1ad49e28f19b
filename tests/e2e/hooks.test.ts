import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { EventsAnswer, SessionsAnswer, StatusAnswer } from '../../core/api.ts'
import type { Event } from '../../core/events.ts'
import { ClaudeSession } from '../support/claude-session.ts'
import type { RunningNode } from '../support/cli.ts'
import { cleanEnvironment, startNode, until, vibetea } from '../support/cli.ts'
import { emptyMachine } from '../support/machine.ts'

const OWN = `{
    // @@
    "model": "opus",
    "hooks": {
        "SessionStart": [{"hooks": [{"type": "command", "command": "say hello"}]}]
    }
}
`
const SETTINGS = OWN.replace('    // @@\n', '')

type Row = { settings: string; state: string; says: string; changed: boolean }

/** A machine whose Claude Code has settings of its own. */
function machine(text: string | null = SETTINGS) {
  const { directory, variables } = emptyMachine()
  const file = join(directory, 'claude', 'settings.json')
  mkdirSync(dirname(file))
  if (text !== null) writeFileSync(file, text)
  const rows = async (action: string): Promise<Row[]> => {
    const { stdout, stderr, code } = await vibetea(['hooks', action, '--json'], variables)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    return JSON.parse(stdout) as Row[]
  }
  return { directory, variables, file, rows }
}

interface Hooks {
  hooks: Record<string, { hooks: { command: string }[] }[]>
}

/** Runs the last hook of an event as Claude Code does: by `sh -c`, its input on stdin, until nobody holds its output. */
async function runHook(
  file: string,
  event: string,
  fields: object,
): Promise<{ code: number | null; out: string }> {
  const { hooks } = JSON.parse(readFileSync(file, 'utf8')) as Hooks
  const { command } = hooks[event]!.at(-1)!.hooks[0]!
  const child = spawn('sh', ['-c', command], { env: cleanEnvironment({}), stdio: ['pipe', 'pipe', 'pipe'] })
  let out = ''
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (out += chunk.toString()))
  child.stdin.on('error', () => undefined)
  child.stdin.end(JSON.stringify({ hook_event_name: event, transcript_path: '/tmp/SECRET.jsonl', ...fields }))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, out }
}

const QUIET = { code: 0, out: '' }

const recorded = (node: RunningNode) =>
  until(
    () => node.get<StatusAnswer>('/api/status'),
    ({ sources, logs }) =>
      sources.every(({ backfill }) => backfill === null) && logs.every(({ behind }) => behind === 0),
  )
const eventsOf = async (node: RunningNode) =>
  (await node.get<EventsAnswer>('/api/events?limit=1000&order=time')).events.toReversed()
const words = (events: readonly Event[]) =>
  events.map(({ eventType, payload }) =>
    'action' in payload ? payload.action : 'kind' in payload ? payload.kind : eventType,
  )
const bare = (events: readonly Event[]) =>
  events
    .map(({ id, timestamp, eventType, payload }) => ({ id, timestamp, eventType, payload }))
    .toSorted((a, b) => (a.id < b.id ? -1 : 1))

describe('vibetea hooks', () => {
  test('puts them into the settings, says so, and takes them away without a trace', async () => {
    const { file, rows, variables } = machine()
    chmodSync(file, 0o640)
    expect(await rows('status')).toMatchObject([{ settings: file, state: 'none', changed: false }])
    expect(await rows('install')).toMatchObject([{ settings: file, state: 'installed', changed: true }])
    const installed = readFileSync(file, 'utf8')
    expect(installed.startsWith(SETTINGS.slice(0, SETTINGS.indexOf('}]}]') + 3))).toBe(true)
    expect(await rows('install')).toMatchObject([{ state: 'installed', changed: false }])
    expect(readFileSync(file, 'utf8')).toBe(installed)
    const { stdout } = await vibetea(['hooks', 'status'], variables)
    expect(stdout).toContain(`${file}: the hooks are there`)
    expect(stdout).toContain('vibetea start')
    expect(await rows('uninstall')).toMatchObject([{ state: 'none', changed: true }])
    expect(readFileSync(file, 'utf8')).toBe(SETTINGS)
    expect(statSync(file).mode & 0o777).toBe(process.platform === 'win32' ? 0o666 : 0o640)
    expect(readdirSync(dirname(file))).toEqual(['settings.json'])
  })

  test('writes the file that a link leads to, and makes one where there is none', async () => {
    const { directory, file, rows } = machine(null)
    const real = join(directory, 'dotfiles.json')
    writeFileSync(real, '{}')
    symlinkSync(real, file)
    await rows('install')
    expect(lstatSync(file).isSymbolicLink()).toBe(true)
    expect(realpathSync(file)).toBe(realpathSync(real))
    await rows('uninstall')
    expect(readFileSync(real, 'utf8')).toBe('{}')
    const other = machine(null)
    expect(await other.rows('uninstall')).toMatchObject([{ state: 'none', changed: false }])
    expect(existsSync(other.file)).toBe(false)
    expect(await other.rows('install')).toMatchObject([{ state: 'installed', changed: true }])
  })

  test('looks at each of several directories, and changes none where one cannot be', async () => {
    const { directory, variables, file } = machine()
    const second = join(directory, 'work', 'settings.json')
    mkdirSync(dirname(second))
    writeFileSync(second, OWN)
    const both = { ...variables, VIBETEA_CLAUDE_DIR: `${dirname(file)},${join(dirname(second), 'projects')}` }
    const refused = await vibetea(['hooks', 'install'], both)
    expect(refused).toMatchObject({ code: 1, stdout: '' })
    expect(refused.stderr).toContain(`${second} is not valid JSON.`)
    expect(readFileSync(file, 'utf8')).toBe(SETTINGS)
    expect(readFileSync(second, 'utf8')).toBe(OWN)
    writeFileSync(second, '{}\n')
    expect(JSON.parse((await vibetea(['hooks', 'install', '--json'], both)).stdout)).toMatchObject([
      { settings: file, state: 'installed' },
      { settings: second, state: 'installed' },
    ])
    expect((await vibetea(['hooks', 'uninstall'], both)).code).toBe(0)
    expect(readFileSync(second, 'utf8')).toBe('{}\n')
  })

  test.each([[['hooks']], [['hooks', 'remove']], [['hooks', 'status', 'more']]])(
    '%j is wrong usage',
    async (args) => {
      const { variables } = machine()
      expect((await vibetea(args, variables)).code).toBe(2)
    },
  )
})

describe.skipIf(process.platform === 'win32')('a hook that Claude Code runs', () => {
  test('ends a session at once, with the events that its file gives in the end, and resumes it', async () => {
    const { directory, variables, file, rows } = machine()
    await rows('install')
    const session = new ClaudeSession(
      join(directory, 'claude'),
      randomUUID(),
      '/code/web-app',
      Date.now() - 60_000,
    )
      .prompt('brew')
      .response('Done.')
      .turnEnds()
    const node = await startNode(variables)
    await recorded(node)
    const input = { session_id: session.sessionId, cwd: '/code/web-app' }
    expect(await runHook(file, 'SessionEnd', { ...input, reason: 'prompt_input_exit' })).toEqual(QUIET)
    const ended = await until(
      () => eventsOf(node),
      (events) => words(events).includes('summary'),
    )
    expect(words(ended).toSorted()).toEqual(['ended', 'prompt', 'response', 'started', 'summary', 'waiting'])
    expect((await node.get<SessionsAnswer>('/api/sessions')).sessions).toMatchObject([{ state: 'ended' }])
    session.wait(120).prompt('and again')
    const resumed = await until(
      () => eventsOf(node),
      (events) => words(events).includes('resumed'),
    )
    expect(words(resumed).filter((word) => word === 'ended')).toHaveLength(1)
  })

  test('says of an old session what `preview` says of it', async () => {
    const { directory, variables, file, rows } = machine()
    await rows('install')
    const node = await startNode(variables)
    await recorded(node)
    const at = Date.now() - 31 * 60_000
    const session = new ClaudeSession(join(directory, 'claude'), randomUUID(), '/code/web-app', at - 20_000)
      .prompt('brew')
      .tool('Edit', { file_path: '/code/web-app/kettle.ts' }, { content: 'ok' })
      .response('Done.')
    await runHook(file, 'SessionEnd', { session_id: session.sessionId })
    const events = await until(
      () => eventsOf(node),
      (list) => words(list).includes('summary'),
    )
    const { stdout } = await vibetea(['preview', '--json'], variables)
    const previewed = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Event)
    expect(bare(events)).toEqual(bare(previewed))
  })

  test('tells of a permission before any record does, once, and of nothing that was asked', async () => {
    const { directory, variables, file, rows } = machine()
    await rows('install')
    const session = new ClaudeSession(
      join(directory, 'claude'),
      randomUUID(),
      '/code/web-app',
      Date.now() - 60_000,
    )
      .prompt('brew')
      .tool('Bash', { command: 'SECRET' })
    const node = await startNode(variables)
    await recorded(node)
    const input = { session_id: session.sessionId, cwd: '/code/web-app', tool_name: 'Bash' }
    const long = { ...input, tool_input: { command: 'SECRET'.repeat(50_000) } }
    expect(await runHook(file, 'PermissionRequest', long)).toEqual(QUIET)
    const waits = await until(
      () => node.get<SessionsAnswer>('/api/sessions'),
      ({ sessions }) => sessions[0]?.needs === 'answer',
    )
    expect(waits.sessions).toMatchObject([{ sessionId: session.sessionId, needs: 'answer' }])
    const notified = { ...input, notification_type: 'permission_prompt', message: 'SECRET' }
    expect(await runHook(file, 'Notification', notified)).toEqual(QUIET)
    await runHook(file, 'SessionEnd', input)
    const events = await until(
      () => eventsOf(node),
      (list) => words(list).includes('summary'),
    )
    expect(words(events).filter((word) => word === 'waiting')).toHaveLength(1)
    expect(JSON.stringify(events) + node.log()).not.toContain('SECRET')
  })

  test('makes no second wait of one that the process tells of as well', async () => {
    const { directory, variables, file, rows } = machine()
    await rows('install')
    const startedAt = Date.now() - 60_000
    const session = new ClaudeSession(join(directory, 'claude'), randomUUID(), '/code/web-app', startedAt)
      .prompt('brew')
      .tool('Bash', { command: 'npm test' })
    const { sessionId } = session
    const told = (status: string, statusUpdatedAt: number) => {
      mkdirSync(join(directory, 'claude', 'sessions'), { recursive: true })
      const state = { pid: process.pid, sessionId, status, waitingFor: 'permission prompt', statusUpdatedAt }
      writeFileSync(join(directory, 'claude', 'sessions', `${process.pid}.json`), JSON.stringify(state))
    }
    told('busy', startedAt)
    const node = await startNode(variables)
    await recorded(node)
    const input = { session_id: sessionId, cwd: '/code/web-app', tool_name: 'Bash' }
    await runHook(file, 'PermissionRequest', input)
    const since = startedAt + 30_000
    told('waiting', since)
    await runHook(file, 'Notification', { ...input, notification_type: 'permission_prompt' })
    await until(
      () => eventsOf(node),
      (list) => words(list).includes('waiting'),
    )
    await runHook(file, 'SessionEnd', input)
    const events = await until(
      () => eventsOf(node),
      (list) => words(list).includes('summary'),
    )
    const waits = events.filter(({ payload }) => 'reason' in payload)
    expect(waits.map(({ timestamp }) => Date.parse(timestamp))).toEqual([since])
  })

  test('shows a session as it opens, which begins with its first record alone', async () => {
    const { directory, variables, file, rows } = machine()
    await rows('install')
    const node = await startNode(variables)
    await recorded(node)
    const sessionId = randomUUID()
    const input = { session_id: sessionId, cwd: '/code/web-app', source: 'startup' }
    expect(await runHook(file, 'SessionStart', input)).toEqual(QUIET)
    await runHook(file, 'SessionStart', { ...input, session_id: randomUUID() })
    const opened = await until(
      () => node.get<SessionsAnswer>('/api/sessions'),
      ({ sessions }) => sessions.length === 2,
    )
    expect(opened.sessions).toMatchObject([
      { project: 'web-app', state: 'active', needs: null },
      { project: 'web-app', state: 'active', needs: null },
    ])
    expect(await eventsOf(node)).toEqual([])
    await runHook(file, 'SessionEnd', {
      session_id: opened.sessions.find((row) => row.sessionId !== sessionId)!.sessionId,
    })
    new ClaudeSession(join(directory, 'claude'), sessionId, '/code/web-app', Date.now() - 1000).prompt('brew')
    const events = await until(
      () => eventsOf(node),
      (list) => words(list).includes('prompt'),
    )
    expect(words(events).toSorted()).toEqual(['prompt', 'started'])
    const { stdout } = await vibetea(['preview', '--json'], variables)
    expect(bare(events)).toEqual(
      bare(
        stdout
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line) as Event),
      ),
    )
    const { sessions } = await until(
      () => node.get<SessionsAnswer>('/api/sessions'),
      (answer) => answer.sessions.length === 1,
    )
    expect(sessions).toMatchObject([{ sessionId, totals: { prompts: 1 } }])
  })

  test('is over, and holds nothing open, while the node has not answered', async () => {
    const { directory, variables, file, rows } = machine()
    await rows('install')
    mkdirSync(variables.VIBETEA_HOME, { recursive: true })
    const asked: string[] = []
    let answer = () => undefined as void
    const held = new Promise<void>((resolve) => {
      const server = createServer((request, response) => {
        let body = ''
        request.on('data', (chunk: Buffer) => (body += chunk.toString()))
        request.on('end', () => {
          asked.push(`${request.headers.authorization} ${request.url} ${body}`)
          answer = () => void response.end('{}')
          resolve()
        })
      })
      server.listen(0, '127.0.0.1', () => {
        const running = {
          pid: process.pid,
          url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
          tokenPath: join(directory, 'token'),
        }
        writeFileSync(join(directory, 'token'), 'open-sesame\n')
        writeFileSync(join(variables.VIBETEA_HOME, 'running.json'), JSON.stringify(running))
      })
      onTestFinished(() => {
        answer()
        server.closeAllConnections()
        server.close()
      })
    })
    await until(
      async () => existsSync(join(variables.VIBETEA_HOME, 'running.json')),
      (isThere) => isThere,
    )
    // It returns though nobody answers: the answer is given after the test alone.
    expect(await runHook(file, 'SessionEnd', { session_id: 'one', reason: 'SECRET' })).toEqual(QUIET)
    await held
    expect(asked).toEqual(['Bearer open-sesame /api/actions/hook {"event":"ended","sessionId":"one"}'])
  })

  test('is silent where no node runs, where VibeTea is gone, and with input that is none', async () => {
    const { file, rows } = machine()
    await rows('install')
    expect(await runHook(file, 'SessionStart', { session_id: 'one' })).toEqual(QUIET)
    const text = readFileSync(file, 'utf8')
    writeFileSync(
      file,
      text.replaceAll('/hooks/main.js', '/gone/main.js').replaceAll(process.execPath, '/gone/node'),
    )
    expect(await runHook(file, 'SessionStart', { session_id: 'one' })).toEqual(QUIET)
    expect(await rows('status')).toMatchObject([{ state: 'broken' }])
    expect(await rows('install')).toMatchObject([{ state: 'installed', changed: true }])
    expect(readFileSync(file, 'utf8')).toBe(text)
  })
})

test('the API refuses what no hook says', async () => {
  const { variables } = machine()
  const node = await startNode(variables)
  const post = async (body: object) => {
    const headers = { authorization: `Bearer ${node.token()}`, 'content-type': 'application/json' }
    const url = `${node.url}/api/actions/hook`
    return (await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })).status
  }
  expect(await post({ event: 'ended', sessionId: randomUUID() })).toBe(200)
  for (const body of [
    {},
    { event: 'ended' },
    { event: 'ended', sessionId: 7 },
    { event: 'ended', sessionId: '' },
    { event: 'ended', sessionId: 'x'.repeat(201) },
    { event: 'prompt', sessionId: 'one' },
    { event: 'started', sessionId: 'one', cwd: ['/code'] },
    { event: 'ended', sessionId: 'one', prompt: 'SECRET' },
  ]) {
    expect(await post(body)).toBe(400)
  }
})
