import { randomBytes, randomUUID } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { HealthAnswer, MembersAnswer, StatusAnswer, TeamMade } from '../../core/api.ts'
import { createLogger } from '../../node/home/logger.ts'
import { readSettings, type Settings } from '../../node/home/settings.ts'
import { State } from '../../node/home/state.ts'
import { joinKey } from '../../node/home/team-key-input.ts'
import { VibeTeaNode, type NodeOptions } from '../../node/node.ts'
import { Database } from '../../node/sqlite.ts'
import { createTeam, inviteKey, serveTeam } from '../../node/team-life.ts'
import { ClaudeSession } from '../support/claude-session.ts'
import { temporaryDirectory } from '../support/directory.ts'
import { FakeIngest } from '../support/fake-ingest.ts'
import { bootstrapNode } from './mesh-net/mesh-world.ts'

/** Whole nodes in this process, on a network of this machine, that feed an archive. */

const DAY_MS = 86_400_000

const random = (bytes: number) => new Uint8Array(randomBytes(bytes))

/** Asks again until it is so, for at most 20 s; what it was in the end. */
async function until<T>(ask: () => T | Promise<T>, isSo: (value: T) => boolean): Promise<T> {
  const end = performance.now() + 20_000
  for (;;) {
    const value = await ask()
    if (isSo(value) || performance.now() > end) return value
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** A machine with an assistant, a home and an archive. */
class Machine {
  settings: Settings
  #session: ClaudeSession | null = null
  node!: VibeTeaNode
  readonly directory = temporaryDirectory()
  readonly #ui: string
  #isRunning = false

  constructor(name: string, bootstrap: string, more: Record<string, string> = {}) {
    this.settings = readSettings({
      env: {
        VIBETEA_SUPABASE_BATCH_INTERVAL_SECS: '1',
        VIBETEA_HOME: join(this.directory, 'home'),
        VIBETEA_CLAUDE_DIR: join(this.directory, 'claude'),
        VIBETEA_SOURCE_ID: name,
        VIBETEA_BOOTSTRAP: bootstrap,
        VIBETEA_PORT: '0',
        ...more,
      },
      flags: {},
      configText: null,
      homeDirectory: this.directory,
      hostname: name,
      workingDirectory: this.directory,
    })
    this.#ui = join(this.directory, 'ui')
    mkdirSync(this.#ui)
    writeFileSync(join(this.#ui, 'index.html'), '<!doctype html>')
  }

  /** The assistant's session; it begins with the first look, as what was before the team is not shared. */
  get session(): ClaudeSession {
    const directory = join(this.directory, 'claude')
    return (this.#session ??= new ClaudeSession(directory, randomUUID(), '/code/web', Date.now()))
  }

  get life() {
    return { settings: this.settings, warn: () => undefined, random, now: Date.now }
  }

  async start(how: Pick<NodeOptions, 'watches' | 'archives'>): Promise<this> {
    this.node = await VibeTeaNode.start({
      settings: this.settings,
      environment: { env: {}, homeDirectory: this.directory },
      log: createLogger('silent'),
      uiDirectory: this.#ui,
      ...how,
      random,
      onProgress: () => undefined,
    })
    this.#isRunning = true
    onTestFinished(() => this.stop())
    return this
  }

  async stop(): Promise<void> {
    if (this.#isRunning) await this.node.stop()
    this.#isRunning = false
  }

  async text(path: string): Promise<string> {
    return (await fetch(this.node.url + path, { headers: this.#headers })).text()
  }

  async get<T>(path: string): Promise<T> {
    return JSON.parse(await this.text(path)) as T
  }

  async act<T>(name: string, args: object): Promise<T> {
    const headers = { ...this.#headers, 'content-type': 'application/json' }
    const answer = await fetch(`${this.node.url}/api/actions/${name}`, {
      method: 'POST',
      headers,
      body: JSON.stringify(args),
    })
    expect(answer.status).toBe(200)
    return (await answer.json()) as T
  }

  status(): Promise<StatusAnswer> {
    return this.get<StatusAnswer>('/api/status')
  }

  async archive() {
    return (await this.status()).archive
  }

  /** Whom it sees archive. */
  async archivers(): Promise<string[]> {
    const { members } = await this.get<MembersAnswer>('/api/members')
    return members.flatMap(({ source, isArchiver }) => (isArchiver ? [source.slice(0, -7)] : [])).sort()
  }

  /** `source id` of all events that it has. */
  async ids(): Promise<string[]> {
    const { events } = await this.get<{ events: { source: string; id: string }[] }>('/api/events?limit=1000')
    return events.map(({ source, id }) => `${source} ${id}`).sort()
  }

  get #headers() {
    return { authorization: `Bearer ${readFileSync(join(this.settings.home, 'api-token'), 'utf8').trim()}` }
  }
}

/** Where a bootstrap node of the test is. */
async function network(): Promise<string> {
  const [endpoint] = await bootstrapNode()
  return `${endpoint!.host}:${endpoint!.port}`
}

/** Has a server enter a laptop's team. */
async function serve(server: Machine, laptop: Machine, role: 'reader' | 'mirror'): Promise<void> {
  const { key } = await inviteKey(laptop.life, { role })
  await serveTeam(server.life, { key: joinKey(key, 'here'), name: 'Server' })
}

/** A team of a laptop, whose node runs, and of a server that has entered it. */
async function team(archive: FakeIngest, role: 'reader' | 'mirror' = 'reader') {
  const bootstrap = await network()
  const laptop = new Machine('laptop', bootstrap)
  const server = new Machine('server', bootstrap, { VIBETEA_SUPABASE_URL: archive.url })
  await createTeam(laptop.life, { teamName: 'tea', name: 'Ann', share: 'all', backfillMs: 0 })
  await serve(server, laptop, role)
  await laptop.start({ watches: true, archives: false })
  return { laptop, server }
}

test('A server archives what the team writes, goes on after a restart, and says for all that it archives while it does', async () => {
  const archive = await FakeIngest.start()
  const { laptop, server } = await team(archive)
  laptop.session.prompt('one').response('two').turnEnds()
  server.session.prompt('nobody reads this')
  await server.start({ watches: false, archives: true })
  const ids = await until(
    () => laptop.ids(),
    (all) => all.length >= 4,
  )
  expect(await until(() => archive.ids(), (held) => held.length === ids.length)).toEqual(ids) // prettier-ignore
  const all = ids.length
  const status = await until(
    () => server.archive(),
    (now) => now?.state === 'idle' && now.behind === 0,
  )
  expect(status).toMatchObject({
    url: archive.url,
    sent: all,
    inserted: all,
    rejected: {},
    held: [],
    problem: null,
  })
  // The archive may have them before the server's own index.
  expect(
    await until(
      () => server.ids(),
      (held) => held.length === ids.length,
    ),
  ).toEqual(ids)
  expect((await server.status()).sources).toEqual([])
  expect(await server.get<HealthAnswer>('/api/health')).toMatchObject({ status: 'ok' })
  expect(await server.text('/metrics')).toContain(`\nvibetea_archive_sent_total ${all}\n`)
  expect((await laptop.archive()) ?? 'none').toBe('none')
  expect(await laptop.text('/metrics')).not.toContain('vibetea_archive')
  expect(await until(() => laptop.archivers(), (names) => names.length === 1)).toEqual(['server']) // prettier-ignore
  expect(await server.archivers()).toEqual(['server'])

  await server.stop()
  await server.start({ watches: false, archives: false })
  expect(await until(() => laptop.archivers(), (names) => names.length === 0)).toEqual([]) // prettier-ignore
  laptop.session.prompt('three')
  await until(
    () => server.ids(),
    (held) => held.length > all,
  )
  await server.stop()
  expect(archive.ids()).toEqual(ids)
  const before = archive.calls.length
  await server.start({ watches: false, archives: true })
  await until(
    () => archive.ids(),
    (held) => held.length > all,
  )
  const sent = archive.calls.slice(before).flatMap(({ request }) => request.batches.map(({ body }) => body))
  expect(sent.join()).not.toContain(ids[0]!.split(' ')[1])
}, 60_000)

test('A developer’s node archives what it writes itself, in the team that is entered while it runs, until that is left', async () => {
  const archive = await FakeIngest.start()
  const laptop = new Machine('laptop', await network(), {
    VIBETEA_SUPABASE_URL: archive.url,
    VIBETEA_SUPABASE_BATCH_INTERVAL_SECS: '3600',
  })
  await laptop.start({ watches: true, archives: true })
  expect(await laptop.archive()).toBeNull()
  await laptop.act<TeamMade>('create', { teamName: 'tea', name: 'Ann', share: 'all', backfillMs: 0 })
  laptop.session.prompt('one')
  await until(
    () => archive.ids(),
    (held) => held.length > 0,
  )
  expect(await laptop.archivers()).toEqual(['laptop'])
  // The next call is an hour away, and the node does not wait for it when it stops.
  laptop.session.prompt('two')
  await until(
    () => laptop.archive(),
    (now) => now!.behind > 0,
  )
  await laptop.stop()
  const held = archive.ids()
  expect(held.length).toBeGreaterThanOrEqual(3)

  await laptop.start({ watches: true, archives: true })
  expect(await laptop.ids()).toEqual(held)
  await laptop.node.drainArchive()
  expect(await laptop.archive()).toMatchObject({ state: 'idle', behind: 0, sent: 0 })
  await laptop.act('leave', {})
  expect(await laptop.archive()).toBeNull()
  await laptop.node.drainArchive()
  await laptop.stop()
  const state = await State.open({ home: laptop.settings.home, now: Date.now, random })
  expect(await state.team.archivedAt(archive.url).load()).toEqual(new Map())
  await state.close()
}, 60_000)

test('An archive that refuses is said once, shows in status and health, and keeps nothing else from working', async () => {
  const archive = await FakeIngest.start()
  archive.instead = (response) => {
    response.writeHead(401, { 'content-type': 'application/json' }).end('{"message":"No API key \\u001b[2J"}')
    return true
  }
  const { laptop, server } = await team(archive)
  laptop.session.prompt('one')
  await server.start({ watches: false, archives: true })
  const status = await until(
    () => server.status(),
    ({ archive: now }) => now?.state === 'refused',
  )
  expect(status.archive?.problem).toMatch(/VIBETEA_SUPABASE_KEY/)
  const said = status.notices.filter(({ message }) => message.includes('VIBETEA_SUPABASE_KEY'))
  expect(said).toHaveLength(1)
  expect(JSON.stringify(status)).not.toContain('\\u001b')
  const health = await fetch(`${server.node.url}/api/health`)
  expect(health.status).toBe(200)
  expect(await health.json()).toMatchObject({ status: 'degraded' })
  expect(await server.text('/metrics')).toContain('\nvibetea_archive_failing 1\n')
  expect(await until(() => server.ids(), (held) => held.length > 0)).toEqual(await laptop.ids()) // prettier-ignore
  await expect(server.node.drainArchive()).rejects.toMatchObject({ code: 'archive_refused' })
  archive.instead = null
  await server.node.drainArchive()
  expect(archive.ids()).toEqual(await laptop.ids())
  expect(await server.get<HealthAnswer>('/api/health')).toMatchObject({ status: 'ok' })
}, 60_000)

test('A mirror archives nothing and says so, and keeps the logs all the same', async () => {
  const archive = await FakeIngest.start()
  const { laptop, server } = await team(archive, 'mirror')
  laptop.session.prompt('one')
  await server.start({ watches: false, archives: true })
  const { logs } = await until(
    () => server.status(),
    ({ logs }) => logs.some(({ kind, blocks }) => kind === 'team' && blocks > 0),
  )
  expect(logs.some(({ kind, blocks }) => kind === 'team' && blocks > 0)).toBe(true)
  const { archive: none, notices } = await server.status()
  expect(none).toBeNull()
  expect(notices.map(({ message }) => message).join()).toMatch(
    /archives nothing, as a mirror key opens no log/,
  )
  expect(await server.text('/metrics')).not.toContain('vibetea_archive')
  await server.node.drainArchive()
  expect(archive.calls).toEqual([])
}, 60_000)

test('A server without an archive keeps what the laptops have cleared, for as long as it is told, also in an index built anew', async () => {
  const bootstrap = await network()
  const laptop = new Machine('laptop', bootstrap)
  const server = new Machine('server', bootstrap, { VIBETEA_RETENTION_DAYS: '3650' })
  new ClaudeSession(join(laptop.directory, 'claude'), randomUUID(), '/code/web', Date.now() - 10 * DAY_MS)
    .prompt('long ago')
    .response('done')
    .turnEnds()
  const consent = { name: 'Ann', share: 'all', backfillMs: 30 * DAY_MS } as const
  await createTeam(laptop.life, { teamName: 'tea', ...consent })
  await serve(server, laptop, 'reader')
  await laptop.start({ watches: true, archives: false })
  await server.start({ watches: false, archives: false })
  const old = await until(
    () => server.ids(),
    (held) => held.length >= 5,
  )
  laptop.session.prompt('today')
  const ids = await until(
    () => laptop.ids(),
    (all) => all.length >= old.length + 2,
  )
  expect(await until(() => server.ids(), (held) => held.length >= ids.length)).toEqual(ids) // prettier-ignore

  await laptop.stop()
  laptop.settings = { ...laptop.settings, retentionDays: 1 }
  await laptop.start({ watches: true, archives: false })
  const state = await Database.open(join(server.settings.home, 'state.db'))
  const floors = "SELECT bytes FROM gossip WHERE kind = 'statement'"
  expect(await until(() => state.all(floors), (rows) => rows.length > 0)).toHaveLength(1) // prettier-ignore
  await state.close()
  expect(await server.ids()).toEqual(ids)
  await server.stop()
  for (const file of ['index.db', 'index.db-wal', 'index.db-shm'])
    rmSync(join(server.settings.home, file), { force: true })
  await server.start({ watches: false, archives: false })
  expect(await until(() => server.ids(), (held) => held.length >= ids.length)).toEqual(ids) // prettier-ignore

  // Whoever comes later gets what the laptop still has.
  const later = new Machine('later', bootstrap)
  await serve(later, laptop, 'reader')
  await later.start({ watches: false, archives: false })
  const got = await until(
    () => later.ids(),
    (held) => held.length > 0,
  )
  expect(ids).toEqual([...got, ...old].sort())
}, 60_000)
