import { spawnSync } from 'node:child_process'
import type { StdioOptions } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { chmodSync, closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { SessionRow, StatusAnswer } from '../../core/api.ts'
import type { Event } from '../../core/events.ts'
import { ClaudeSession } from '../support/claude-session.ts'
import { cleanEnvironment, MAIN, start, startNode, until, vibetea } from '../support/cli.ts'
import { emptyMachine } from '../support/machine.ts'

function machine() {
  const { directory, variables } = emptyMachine()
  const session = (project: string) =>
    new ClaudeSession(join(directory, 'claude'), randomUUID(), `/code/${project}`, Date.now() - 60_000)
      .prompt('the secret recipe of the house blend')
      .tool('Edit', { file_path: `/code/${project}/src/kettle.ts` }, { content: 'ok' })
      .response('Done.')
      .turnEnds()
  return { directory, variables, session }
}

const lines = (text: string): Event[] =>
  text
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Event)

describe('preview', () => {
  test('prints exactly the events that the node then records', async () => {
    const { variables, session } = machine()
    const { path } = session('web-app')
    const preview = lines((await vibetea(['preview', '--json', path], variables)).stdout)
    const node = await startNode(variables)
    await until(
      () => node.get<StatusAnswer>('/api/status'),
      ({ sources }) => sources.every(({ backfill }) => backfill === null),
    )
    const { events } = await node.get<{ events: Event[] }>('/api/events?limit=1000')
    const byId = (list: Event[]) =>
      new Map(list.map(({ id, payload, eventType }) => [id, { payload, eventType }]))
    // A session that is over in the preview still waits for its person here.
    const recorded = byId(events)
    const previewed = byId(preview)
    for (const [id, event] of recorded) expect(previewed.get(id)).toEqual(event)
    expect(
      preview
        .filter(({ id }) => !recorded.has(id))
        .every(({ eventType }) => ['session', 'summary'].includes(eventType)),
    ).toBe(true)
    expect(JSON.stringify(preview)).not.toMatch(/secret recipe|\/code\//)
  })

  test('prints nothing of an excluded project and everything of a private one', async () => {
    const { variables, session } = machine()
    const merger = session('acme-merger')
    session('web-app')
    expect((await vibetea(['exclude', 'acme-merger'], variables)).code).toBe(0)
    expect((await vibetea(['preview', '--json', merger.path], variables)).stdout).toBe('')
    const all = lines((await vibetea(['preview', '--json'], variables)).stdout)
    expect(new Set(all.map(({ payload }) => payload.project))).toEqual(new Set(['web-app']))
  })

  test('exits 0 on a file with nothing in it, and 1 on one that cannot be opened', async () => {
    const { directory, variables } = machine()
    const empty = join(directory, 'empty.jsonl')
    writeFileSync(empty, '')
    expect(await vibetea(['preview', empty], variables)).toMatchObject({ code: 0, stdout: '' })
    const missing = await vibetea(['preview', join(directory, 'missing.jsonl')], variables)
    expect(missing.code).toBe(1)
    expect(missing.stderr).toContain('missing.jsonl')
  })
})

describe('Commands beside a running node', () => {
  test('who, status, tail, export, outbox and open say what the node knows', async () => {
    const { variables, session } = machine()
    const brewed = session('web-app')
    const node = await startNode(variables)
    await until(
      () => node.get<StatusAnswer>('/api/status'),
      ({ sources, logs }) => sources.every(({ backfill }) => backfill === null) && logs[0]?.behind === 0,
    )
    const who = await vibetea(['who'], variables)
    expect(who.stdout).toMatch(/laptop-\w{6} .*web-app .*needs review/)
    const rows = JSON.parse((await vibetea(['who', '--json'], variables)).stdout) as SessionRow[]
    expect(rows).toMatchObject([{ sessionId: brewed.sessionId, needs: 'review' }])
    const status = JSON.parse((await vibetea(['status', '--json'], variables)).stdout) as StatusAnswer & {
      url: string
    }
    expect(status).toMatchObject({ url: node.url, team: null, peers: [], node: { source: rows[0]!.source } })
    expect((await vibetea(['status'], variables)).stdout).toContain('nothing leaves this machine')
    const exported = lines((await vibetea(['export'], variables)).stdout)
    const { events } = await node.get<{ events: Event[] }>('/api/events?order=time&limit=1000')
    expect(exported.map(({ id }) => id)).toEqual(events.map(({ id }) => id).reverse())
    const csv = (await vibetea(['export', '--format', 'csv'], variables)).stdout.trim().split('\n')
    expect(csv).toHaveLength(exported.length + 1)
    expect((await vibetea(['outbox'], variables)).stdout).toContain('Nothing has left this machine')
    expect(JSON.parse((await vibetea(['outbox', '--json'], variables)).stdout)).toEqual([])
    const open = await vibetea(['open', '--print'], variables)
    const code = /#code=(\S+)/.exec(open.stdout)![1]
    const answer = await fetch(`${node.url}/api/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ code }),
    })
    expect(await answer.json()).toMatchObject({ token: expect.any(String) as string })
  })

  test('exclude takes hold at once', async () => {
    const { variables, session } = machine()
    const web = session('web-app')
    const node = await startNode(variables)
    const prompts = async () => {
      const { events } = await node.get<{ events: Event[] }>('/api/events?limit=1000')
      return events.filter(({ payload }) => 'kind' in payload && payload.kind === 'prompt')
    }
    await until(prompts, (list) => list.length === 1)
    expect((await vibetea(['exclude', 'web-app'], variables)).code).toBe(0)
    web.prompt('unseen')
    session('infra')
    const seen = await until(prompts, (list) => list.length === 2)
    expect(seen.map(({ payload }) => payload.project).sort()).toEqual(['infra', 'web-app'])
    const { projects } = await node.get<StatusAnswer>('/api/status')
    expect(projects).toContainEqual({ project: 'web-app', sharing: 'excluded' })
  })

  test('tail --json prints one event a line as it happens', async () => {
    const { variables, session } = machine()
    const brewed = session('web-app')
    const node = await startNode(variables)
    await until(
      () => node.get<{ events: Event[] }>('/api/events'),
      ({ events }) => events.length >= 6,
    )
    const tail = start(['tail', '--json', '--type', 'activity', '--lines', '1'], variables)
    await until(
      () => Promise.resolve(tail.stdout()),
      (text) => text !== '',
    )
    brewed.prompt('again')
    const printed = await until(
      () => Promise.resolve(lines(tail.stdout())),
      (list) => list.length > 1,
    )
    expect(printed.at(-1)).toMatchObject({ eventType: 'activity', payload: { kind: 'prompt' } })
    expect(Object.keys(printed.at(-1)!)).toEqual(['id', 'source', 'timestamp', 'eventType', 'payload'])
    await node.end('SIGTERM')
    const finished = await tail.finished
    expect(finished.code).toBe(1)
    expect(finished.stderr).toContain('vibetea start')
  })
})

describe('Wrong usage', () => {
  const wrong: [string[], RegExp][] = [
    [['brew'], /unknown command 'brew'/],
    [['start', '--prot', '1'], /unknown option '--prot'/],
    [['share'], /missing required argument 'project'/],
    [['status', 'now'], /too many arguments/],
  ]
  test.each(wrong)('%j exits 2 with a sentence', async (args, sentence) => {
    const { variables } = machine()
    const { code, stderr } = await vibetea(args, variables)
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(sentence) as string })
  })

  const refused: [string[], Record<string, string>, RegExp][] = [
    [['start'], { VIBETEA_PORT: '99999' }, /VIBETEA_PORT.*99999.*65535/],
    [['start'], { VIBETEA_LOG_LEVEL: 'loud' }, /VIBETEA_LOG_LEVEL.*loud.*info/],
    [['start', '--port', 'x'], {}, /--port.*x.*65535/],
    [['pause', 'soon'], {}, /"soon".*30m/],
    [['share', '../web'], {}, /is not a project/],
    [['export', '--format', 'xml'], {}, /ndjson or csv/],
    [['export', '--from', 'yesterday'], {}, /yesterday.*2026-11-20/],
    [['outbox', '--limit', '0'], {}, /1 to 1000/],
    [['who'], {}, /vibetea start/],
    [['status'], {}, /vibetea start/],
    [['tail'], {}, /vibetea start/],
    [['open'], {}, /vibetea start/],
  ]
  test.each(refused)('%j with %j exits 1 with a sentence', async (args, extra, sentence) => {
    const { variables } = machine()
    const { code, stderr } = await vibetea(args, { ...variables, ...extra })
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(sentence) as string })
    expect(stderr).not.toMatch(/\n\s+at /)
  })

  test('every command explains itself with --help', async () => {
    const { variables } = machine()
    const { stdout } = await vibetea(['--help'], variables)
    const names = [...stdout.matchAll(/^ {2}([a-z]+)[ |]/gm)]
      .map((match) => match[1]!)
      .filter((name) => name !== 'help')
    expect(names).toEqual(expect.arrayContaining(['start', 'preview', 'doctor', 'export', 'pause']))
    const helps = await Promise.all(names.map((name) => vibetea([name, '--help'], variables)))
    for (const { code, stdout: help } of helps)
      expect({ code, help }).toEqual({ code: 0, help: expect.stringContaining('Usage: vibetea') as string })
  })
})

describe('A start that cannot go on says why', () => {
  test('a key of 31 bytes, a damaged config.json, a file in place of the home', async () => {
    const { directory, variables } = machine()
    const home = variables.VIBETEA_HOME
    mkdirSync(home, { mode: 0o700 })
    writeFileSync(join(home, 'key.priv'), Buffer.alloc(31), { mode: 0o600 })
    const key = await vibetea(['start', '--no-open'], variables)
    expect(key).toMatchObject({ code: 1, stderr: expect.stringMatching(/key\.priv.*31 bytes/) as string })
    expect(readFileSync(join(home, 'key.priv'))).toHaveLength(31)
    writeFileSync(join(home, 'config.json'), '{"port": 88')
    const config = await vibetea(['start', '--no-open'], variables)
    expect(config).toMatchObject({ code: 1, stderr: expect.stringContaining('config.json') as string })
    const file = join(directory, 'file')
    writeFileSync(file, '')
    const home2 = await vibetea(['start', '--no-open'], { ...variables, VIBETEA_HOME: file })
    expect(home2).toMatchObject({ code: 1, stderr: expect.stringContaining(file) as string })
  })

  test.runIf(process.platform === 'linux')('a disk that is full where the output goes', () => {
    const { variables } = machine()
    const full = openSync('/dev/full', 'w')
    const env = cleanEnvironment(variables)
    const stdio: StdioOptions = ['ignore', full, 'pipe']
    const { status, stderr } = spawnSync(process.execPath, [MAIN, '--version'], { env, stdio })
    closeSync(full)
    expect(status).toBe(1)
    expect(stderr.toString()).toMatch(/^The output cannot be written: .*no space left on device.*\.\n$/)
  })

  test('a port in use is named with the ways out', async () => {
    const { variables } = machine()
    const server = createServer().listen(0, '127.0.0.1')
    onTestFinished(() => void server.close())
    await new Promise((resolve) => server.once('listening', resolve))
    const { port } = server.address() as AddressInfo
    const { code, stderr } = await vibetea(['start', '--no-open', '--port', String(port)], variables)
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(new RegExp(`${port}.*--port`)) as string,
    })
  })
})

describe('doctor', () => {
  test('finds a machine well, and says what to mend where it is not', async () => {
    const { variables, session } = machine()
    session('web-app')
    const well = await vibetea(['doctor'], variables)
    expect(well.code).toBe(0)
    mkdirSync(variables.VIBETEA_HOME, { recursive: true, mode: 0o700 })
    writeFileSync(join(variables.VIBETEA_HOME, 'key.priv'), Buffer.alloc(3))
    chmodSync(join(variables.VIBETEA_HOME, 'key.priv'), 0o600)
    const ill = await vibetea(['doctor'], variables)
    expect(ill.code).toBe(1)
    expect(ill.stdout).toMatch(/key/)
  })
})
