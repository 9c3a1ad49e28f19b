import { randomUUID } from 'node:crypto'
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import WebSocket from 'ws'
import type {
  EventsAnswer,
  HeatmapAnswer,
  ServerMessage,
  SessionsAnswer,
  StatusAnswer,
} from '../../core/api.ts'
import { ClaudeSession } from '../support/claude-session.ts'
import type { RunningNode } from '../support/cli.ts'
import { startNode, until, vibetea } from '../support/cli.ts'
import { emptyMachine } from '../support/machine.ts'
import { socketsOf } from '../support/sockets.ts'

const HOUR = 3_600_000

/** A session with all that a turn has: 1 prompt, 2 responses, 3 tool calls of which one fails. */
function brew(directory: string, project: string, startedAt: number): ClaudeSession {
  return new ClaudeSession(join(directory, 'claude'), randomUUID(), `/code/${project}`, startedAt)
    .prompt('the secret recipe of the house blend')
    .response('I will read the kettle first.')
    .tool('Read', { file_path: `/code/${project}/src/kettle.ts` }, { content: 'export const degrees = 96' })
    .tool(
      'Edit',
      { file_path: `/code/${project}/src/kettle.ts`, old_string: 'a', new_string: 'b' },
      { content: 'ok' },
    )
    .tool('Bash', { command: 'npm run brew' }, { content: 'Exit code 1', isError: true })
    .response('Done.', 80)
    .turnEnds()
}

/** Waits until everything that was there has been read. */
function readAll(node: RunningNode): Promise<StatusAnswer> {
  return until(
    () => node.get<StatusAnswer>('/api/status'),
    ({ sources, logs }) =>
      sources.every(({ backfill }) => backfill === null) && logs.every(({ behind }) => behind === 0),
  )
}

async function allEvents(node: RunningNode): Promise<EventsAnswer['events']> {
  return (await node.get<EventsAnswer>('/api/events?order=time&limit=1000')).events
}

const withoutReceipt = (rows: EventsAnswer['events']) =>
  rows.map(({ id, payload, timestamp }) => ({ id, payload, timestamp }))

describe('A node on one machine', () => {
  test('shows the sessions that were there, and a line that is appended, at once', async () => {
    const { directory, variables } = emptyMachine()
    const session = brew(directory, 'web-app', Date.now() - 60_000)
    const node = await startNode(variables)
    await readAll(node)
    const { sessions } = await node.get<SessionsAnswer>('/api/sessions')
    expect(sessions).toMatchObject([
      {
        sessionId: session.sessionId,
        project: 'web-app',
        state: 'waiting',
        needs: 'review',
        totals: { prompts: 1, tools: 3, failures: 1 },
      },
    ])
    const messages: ServerMessage[] = []
    const socket = new WebSocket(`${node.url.replace('http', 'ws')}/ws`, [
      'vibetea.v1',
      `bearer.${node.token()}`,
    ])
    socket.on('message', (data: Buffer) => messages.push(JSON.parse(data.toString()) as ServerMessage))
    await until(
      async () => messages,
      (list) => list.some(({ type }) => type === 'hello'),
    )
    session.prompt('and now with lemon')
    const live = await until(
      async () => messages.flatMap((message) => (message.type === 'events' ? message.events : [])),
      (events) => events.length > 0,
    )
    expect(live[0]).toMatchObject({ eventType: 'activity', payload: { kind: 'prompt', project: 'web-app' } })
    expect(JSON.stringify(live)).not.toContain('lemon')
    socket.close()
  })

  test('says that a session needs an answer while its process says so, and no longer', async () => {
    const { directory, variables } = emptyMachine()
    const session = brew(directory, 'web-app', Date.now() - 60_000).prompt('go on')
    session.tool('Bash', { command: 'rm -rf build' })
    const processes = join(directory, 'claude', 'sessions')
    mkdirSync(processes, { recursive: true })
    const node = await startNode(variables)
    await readAll(node)
    const needs = async () => (await node.get<SessionsAnswer>('/api/sessions')).sessions[0]?.needs
    expect(await needs()).toBe(null)
    const say = (state: object) => {
      const file = join(processes, `${process.pid}.json`)
      const about = {
        pid: process.pid,
        sessionId: session.sessionId,
        cwd: '/code/web-app',
        statusUpdatedAt: Date.now(),
      }
      writeFileSync(file, JSON.stringify({ ...about, ...state }))
    }
    say({ status: 'waiting', waitingFor: 'permission prompt' })
    expect(await until(needs, (answer) => answer === 'answer')).toBe('answer')
    say({ status: 'busy' })
    expect(await until(needs, (answer) => answer === null)).toBe(null)
  })

  test('opens no socket but loopback', async () => {
    const { directory, variables } = emptyMachine()
    brew(directory, 'web-app', Date.now() - 60_000)
    const node = await startNode(variables)
    await readAll(node)
    const sockets = socketsOf(node.process.pid!)
    expect(sockets.length).toBeGreaterThan(0)
    expect(sockets.filter((socket) => !/^(tcp )?127\.0\.0\.1:\d+$/.test(socket))).toEqual([])
  })

  test('keeps everything and repeats nothing when it is killed again and again while it reads', async () => {
    const { directory, variables } = emptyMachine()
    const sessions = Array.from({ length: 30 }, (_, i) =>
      brew(directory, `project-${i % 5}`, Date.now() - (i + 1) * HOUR),
    )
    for (const delayMs of [0, 5, 20, 60, 150]) {
      const node = await startNode(variables)
      await new Promise((resolve) => setTimeout(resolve, delayMs))
      await node.end('SIGKILL')
    }
    const node = await startNode(variables)
    await readAll(node)
    const killed = withoutReceipt(await allEvents(node))
    // The same sessions on a machine where nothing went wrong, with the same key.
    const calm = emptyMachine()
    mkdirSync(calm.variables.VIBETEA_HOME)
    for (const name of ['key.priv', 'key.pub']) {
      writeFileSync(join(calm.variables.VIBETEA_HOME, name), readFileSync(join(variables.VIBETEA_HOME, name)))
    }
    const other = await startNode({ ...calm.variables, VIBETEA_CLAUDE_DIR: variables.VIBETEA_CLAUDE_DIR })
    await readAll(other)
    expect(killed).toEqual(withoutReceipt(await allEvents(other)))
    expect(killed.filter(({ payload }) => 'kind' in payload && payload.kind === 'prompt')).toHaveLength(
      sessions.length,
    )
  })

  test('answers the same after its index is deleted', async () => {
    const { directory, variables } = emptyMachine()
    for (let i = 0; i < 5; i++) brew(directory, `project-${i}`, Date.now() - (i + 1) * HOUR)
    const first = await startNode(variables)
    await readAll(first)
    const ask = async (node: RunningNode) => ({
      events: await node.get<EventsAnswer>('/api/events?limit=1000'),
      heat: (await node.get<HeatmapAnswer>('/api/heatmap?days=7&tz=Asia/Kolkata')).aggregates,
      stats: await node.get('/api/stats?days=30&by=tool'),
    })
    const before = await ask(first)
    await first.end('SIGTERM')
    for (const suffix of ['', '-wal', '-shm'])
      rmSync(join(variables.VIBETEA_HOME, `index.db${suffix}`), { force: true })
    const second = await startNode(variables)
    await readAll(second)
    expect(await ask(second)).toEqual(before)
  })

  test('rebuilds an index that is damaged', async () => {
    const { directory, variables } = emptyMachine()
    brew(directory, 'web-app', Date.now() - HOUR)
    const first = await startNode(variables)
    await readAll(first)
    const before = await allEvents(first)
    await first.end('SIGTERM')
    writeFileSync(join(variables.VIBETEA_HOME, 'index.db'), 'not a database at all'.repeat(500))
    const second = await startNode(variables)
    await readAll(second)
    expect(await allEvents(second)).toEqual(before)
  })

  test('says that its state is damaged, and sends nothing twice', async () => {
    const { directory, variables } = emptyMachine()
    brew(directory, 'web-app', Date.now() - HOUR)
    const first = await startNode(variables)
    const { logs } = await readAll(first)
    const before = withoutReceipt(await allEvents(first))
    await first.end('SIGTERM')
    writeFileSync(join(variables.VIBETEA_HOME, 'state.db'), 'not a database at all'.repeat(500))
    const second = await startNode(variables)
    const after = await readAll(second)
    expect(second.log()).toMatch(/state\.db/)
    expect(withoutReceipt(await allEvents(second))).toEqual(before)
    expect(after.logs.map(({ blocks }) => blocks)).toEqual(logs.map(({ blocks }) => blocks))
  })

  test.each(['SIGINT', 'SIGTERM'] as const)(
    'ends on %s with 0 within two seconds and gives its home free',
    async (signal) => {
      const { directory, variables } = emptyMachine()
      for (let i = 0; i < 20; i++) brew(directory, `project-${i}`, Date.now() - (i + 1) * HOUR)
      const node = await startNode(variables)
      const { code, tookMs } = await node.end(signal)
      expect({ code, isQuick: tookMs < 2000 }).toEqual({ code: 0, isQuick: true })
      expect(existsSync(join(variables.VIBETEA_HOME, 'api-token'))).toBe(false)
      const again = await startNode(variables)
      expect((await again.end('SIGTERM')).code).toBe(0)
    },
  )

  test('tells a second start where the first one is', async () => {
    const { variables } = emptyMachine()
    const node = await startNode(variables)
    const second = await vibetea(['start', '--no-open'], variables)
    expect(second).toMatchObject({ code: 0 })
    expect(second.stdout).toContain(node.url)
    expect((await node.get<StatusAnswer>('/api/status')).node.source).toMatch(/^laptop-/)
  })

  test('finds sessions in a directory that appears after the start', async () => {
    const { directory, variables } = emptyMachine()
    const node = await startNode(variables)
    await readAll(node)
    brew(directory, 'late-app', Date.now() - 60_000)
    const { sessions } = await until(
      () => node.get<SessionsAnswer>('/api/sessions'),
      ({ sessions }) => sessions.length > 0,
    )
    expect(sessions).toMatchObject([{ project: 'late-app' }])
  })

  test('counts the lines that it cannot read, and reads on', async () => {
    const { directory, variables } = emptyMachine()
    const session = brew(directory, 'web-app', Date.now() - 60_000)
    appendFileSync(session.path, 'no record at all\n')
    session.prompt('after it')
    const node = await startNode(variables)
    expect((await readAll(node)).refused).toEqual({ invalid_line: 1 })
    const { sessions } = await node.get<SessionsAnswer>('/api/sessions')
    expect(sessions).toMatchObject([{ totals: { prompts: 2 } }])
  })

  test('keeps what it has for its owner alone', async () => {
    const { variables } = emptyMachine()
    const node = await startNode(variables)
    const mode = (name: string) => (statSync(join(variables.VIBETEA_HOME, name)).mode & 0o777).toString(8)
    if (process.platform === 'win32') return
    expect([mode('.'), mode('key.priv'), mode('key.pub'), mode('api-token')]).toEqual([
      '700',
      '600',
      '644',
      '600',
    ])
    expect(node.log()).not.toContain(node.token())
  })

  test('reads on after a session file was cut and written anew', async () => {
    const { directory, variables } = emptyMachine()
    const session = brew(directory, 'web-app', Date.now() - 60_000)
    const node = await startNode(variables)
    await readAll(node)
    const before = (await allEvents(node)).length
    const text = readFileSync(session.path)
    truncateSync(session.path, 0)
    writeFileSync(session.path, text)
    session.prompt('one more')
    const after = await until(
      () => allEvents(node),
      (events) => events.length > before,
    )
    expect(after.length).toBe(before + 1)
  })
})
