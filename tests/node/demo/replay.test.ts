import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Event } from '../../../core/events.ts'
import { parseEvent } from '../../../core/events.ts'
import { sourceLabel } from '../../../core/identity.ts'
import { Rule } from '../../../core/rule.ts'
import { OTHER } from '../../../core/shapes.ts'
import { fileTagOf } from '../../../core/tags.ts'
import type { Timers } from '../../../core/timers.ts'
import { PEOPLE, SCRIPTS, utcOffsetOf, VISITOR } from '../../../node/demo/people.ts'
import { Replay } from '../../../node/demo/replay.ts'
import type { PersonId } from '../../../node/demo/script.ts'
import { ADAPTERS } from '../../../node/sources/adapters.ts'
import { readBatch } from '../../../node/sources/batch.ts'
import { claude } from '../../../node/sources/claude/adapter.ts'
import { codex } from '../../../node/sources/codex/adapter.ts'
import { gemini } from '../../../node/sources/gemini/adapter.ts'
import { nativeBlake2b } from '../../../node/sources/native-hash.ts'
import { Projects } from '../../../node/sources/projects.ts'
import { MemoryLog, NOW, openIndex } from '../index/support.ts'
import { collected } from '../sources/adapter-acceptance.ts'

const MINUTE = 60_000
/** Whose sessions go on. */
const AT_WORK = PEOPLE.filter(({ laterMs }) => laterMs === 0)
const TEAM_FILE_KEY = new Uint8Array(32).fill(9)

/** A clock that goes on as soon as every session waits for it. */
class EagerClock implements Timers {
  #now = NOW
  #waiting: { at: number; call: () => void }[] = []

  now = () => this.#now

  after(ms: number, call: () => void): () => void {
    const entry = { at: this.#now + ms, call }
    this.#waiting.push(entry)
    return () => (this.#waiting = this.#waiting.filter((other) => other !== entry))
  }

  async pass(ms: number): Promise<void> {
    for (const until = this.#now + ms; ;) {
      while (this.#waiting.length < SCRIPTS.length) await nextTurn()
      const next = this.#waiting.reduce((a, b) => (b.at < a.at ? b : a))
      if (next.at > until) {
        this.#now = until
        return
      }
      this.#now = Math.max(this.#now, next.at)
      this.#waiting = this.#waiting.filter((other) => other !== next)
      next.call()
    }
  }
}

/** Bytes that look random and are the same each time. */
function seeded(): (bytes: number) => Uint8Array {
  let count = 0
  return (bytes) => createHash('sha512').update(`tea ${count++}`).digest().subarray(0, bytes)
}

async function prepared({ historyDays = 0, speed = 1, sessionMs = 0 } = {}) {
  const directory = await mkdtemp(join(tmpdir(), 'vibetea-demo-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  const clock = new EagerClock()
  const failures: unknown[] = []
  const replay = await Replay.prepare({
    directory,
    timers: clock,
    random: seeded(),
    speed,
    historyDays,
    utcOffset: 0,
    sessionMs,
    pid: process.pid,
    failed: (error) => failures.push(error),
  })
  onTestFinished(() => replay.stop())
  return { replay, clock, failures, directory }
}

const sourceOf = (id: PersonId) => {
  const number = PEOPLE.findIndex((person) => person.id === id)
  return sourceLabel(PEOPLE[number]!.machine, new Uint8Array(32).fill(number))
}

/** What a person's node makes of the files, with the team's key of file tags. */
async function eventsOf(replay: Replay, id: PersonId, now: number): Promise<Event[]> {
  const rule = new Rule({
    source: sourceOf(id),
    idKey: new Uint8Array(32).fill(id.length),
    hash: nativeBlake2b,
    rules: {
      allowedExtensions: null,
      shares: () => 'shared',
      fileTag: (root, path) => fileTagOf(TEAM_FILE_KEY, root, path),
    },
  })
  const homeDirectory = replay.homeOf(id)
  const projects = new Projects({ tagKey: new Uint8Array(32).fill(8), hash: nativeBlake2b, homeDirectory })
  const paths = [
    ...claude.watched(replay.claudeOf(id)),
    ...codex.watched(join(homeDirectory, '.codex')),
    ...gemini.watched(join(homeDirectory, '.gemini')),
  ].filter((path) => existsSync(path))
  return collected(readBatch(paths, { adapters: ADAPTERS, projects, rule, now }))
}

const CHANGES = new Set(['Edit', 'apply_patch', 'replace'])
const FILE_TOOLS = new Set(['Read', 'Edit', 'Write', 'apply_patch', 'read_file', 'replace', 'write_file'])

const timeOf = ({ timestamp }: Event) => Date.parse(timestamp)
const distinct = <T>(values: readonly T[]): T[] => [...new Set(values)].sort()

describe('the demo', () => {
  test('plays sessions that the real adapter reads, with everything that there is to see', async () => {
    const { replay, clock, failures } = await prepared()
    replay.start()
    await clock.pass(12 * MINUTE)
    await replay.stop()
    expect(failures).toEqual([])
    const all: Event[] = []
    for (const { id } of AT_WORK) {
      const events = await eventsOf(replay, id, clock.now())
      expect(events.filter((event) => parseEvent(event) === null)).toEqual([])
      const shown = events.map(({ payload }) => payload)
      // Everyone has failures, files, an open end of a turn, and more than one project.
      expect(distinct(shown.map(({ project }) => project)).length).toBe(2)
      expect(shown.some((payload) => 'status' in payload && payload.status === 'failed')).toBe(true)
      expect(shown.some((payload) => 'reason' in payload && payload.reason === 'turn')).toBe(true)
      all.push(...events)
    }
    expect(distinct(all.map(({ payload }) => payload.project))).toEqual(['infra', 'kettle-os', 'web-app'])
    expect(all.every(({ payload }) => payload.projectTag !== undefined)).toBe(true)
    expect(distinct(all.map(({ eventType }) => eventType))).toEqual([
      'activity',
      'agent',
      'error',
      'session',
      'tool',
    ])
    const payloads = all.map(({ payload }) => payload)
    const kinds = payloads.flatMap((payload) => ('kind' in payload ? payload.kind : []))
    expect(distinct(kinds)).toEqual(['compaction', 'prompt', 'response', 'waiting'])
    const reasons = payloads.flatMap((payload) => ('reason' in payload ? payload.reason : []))
    expect(distinct(reasons)).toEqual(['permission', 'question', 'turn'])
    const categories = payloads.flatMap((payload) => ('category' in payload ? payload.category : []))
    expect(distinct(categories)).toEqual(['api', 'overloaded', 'rate-limit'])
    const models = payloads.flatMap((payload) => ('model' in payload ? payload.model : []))
    expect(distinct(models)).toEqual([
      'claude-haiku-4-5-20251001',
      'claude-opus-4-6',
      'claude-sonnet-4-6',
      'gemini-3.1-pro-preview',
      'gpt-5.3-codex',
    ])
    expect(distinct(payloads.map(({ assistant }) => assistant))).toEqual(['claude', 'codex', 'gemini'])
    const tools = payloads.flatMap((payload) => ('tool' in payload ? payload : []))
    expect(tools.filter(({ tool }) => tool === OTHER)).toEqual([])
    for (const { tool, context, fileTag } of tools.filter(({ tool }) => FILE_TOOLS.has(tool))) {
      expect([tool, context, fileTag]).toEqual([tool, expect.any(String), expect.any(String)])
    }
    const agents = payloads.flatMap((payload) => ('agentId' in payload ? payload : []))
    const inState = (state: string) =>
      distinct(agents.flatMap((each) => (each.state === state ? each.agentId : [])))
    // Some are still at it.
    expect(inState('started')).toEqual(expect.arrayContaining(inState('finished')))
    expect(inState('finished').length).toBeGreaterThanOrEqual(4)
    expect(distinct(agents.flatMap(({ agentType }) => agentType ?? []))).toEqual([
      'Explore',
      'security-reviewer',
      'tea-taster',
    ])
  })

  test('writes nothing that is not a record', async () => {
    const { replay, clock } = await prepared({ historyDays: 2 })
    replay.start()
    await clock.pass(3 * MINUTE)
    await replay.stop()
    const lines = new Map<string, number>()
    for (const { id } of PEOPLE) {
      for (const adapter of [claude, codex, gemini]) {
        const [root] = adapter.watched(join(replay.homeOf(id), `.${adapter.assistant}`))
        const files = await readdir(root!, { recursive: true, withFileTypes: true })
        for (const file of files.filter((each) => each.isFile() && each.name !== '.project_root')) {
          const path = join(file.parentPath, file.name)
          const relative = path.slice(root!.length + 1).replaceAll('\\', '/')
          expect([relative, adapter.formOf(relative)]).toEqual([relative, 'lines'])
          const reader = adapter.open({ path, sessionId: 'x' })
          for (const line of (await readFile(path, 'utf8')).trimEnd().split('\n')) {
            reader.read(Buffer.from(line), 0)
            lines.set(adapter.assistant, (lines.get(adapter.assistant) ?? 0) + 1)
          }
          expect(reader.invalidLines).toBe(0)
        }
      }
    }
    for (const assistant of ['claude', 'codex', 'gemini']) expect(lines.get(assistant)).toBeGreaterThan(50)
  })

  test('has everyone meet in one file of four clones, and in no other that only has its name', async () => {
    const { replay, clock } = await prepared()
    replay.start()
    await clock.pass(10 * MINUTE)
    const tagsOf = (events: readonly Event[], name: string) =>
      distinct(
        events.flatMap(({ payload }) =>
          'tool' in payload && CHANGES.has(payload.tool) && payload.context === name ? payload.fileTag : [],
        ),
      )
    const [ada, bruno, chiyo, dana] = await Promise.all(
      AT_WORK.map(({ id }) => eventsOf(replay, id, clock.now())),
    )
    expect(tagsOf(ada!, 'invite.ts')).toHaveLength(1)
    expect(tagsOf(bruno!, 'invite.ts')).toEqual(tagsOf(ada!, 'invite.ts'))
    expect(tagsOf(chiyo!, 'invite.ts')).toEqual(tagsOf(ada!, 'invite.ts'))
    expect(tagsOf(dana!, 'invite.ts')).toEqual(tagsOf(ada!, 'invite.ts'))
    // Ada's is of the web app, Bruno's and Chiyo's of the infrastructure.
    expect(tagsOf(ada!, 'README.md')).not.toEqual(tagsOf(bruno!, 'README.md'))
    expect(tagsOf(chiyo!, 'README.md')).toEqual(tagsOf(bruno!, 'README.md'))
  })

  test('has first one teammate, and within half a minute two, come into the file that the visitor is in', async () => {
    const { replay, clock } = await prepared({ historyDays: 1 })
    const met = async () => {
      const logs = await Promise.all(
        AT_WORK.map(async ({ id }) => {
          const log = new MemoryLog(id, sourceOf(id))
          log.append(...(await eventsOf(replay, id, clock.now())))
          return log
        }),
      )
      const test = await openIndex(...logs)
      test.now = clock.now()
      const sessions = await test.index.sessions()
      // And everyone is at work.
      expect(distinct(sessions.map(({ source }) => source))).toHaveLength(4)
      const overlaps = await test.index.overlaps(sourceOf(VISITOR))
      return overlaps.map(({ context, kind, project, sessions }) => [
        `${kind} ${project} ${context}`,
        ...sessions.map(({ source }) => source.split('-')[0]!).sort(),
      ])
    }
    replay.start()
    await clock.pass(1000)
    expect(await met()).toEqual([])
    await clock.pass(13_000)
    expect(await met()).toEqual([['team web-app invite.ts', 'moka', 'teacosy']])
    await clock.pass(16_000)
    expect(await met()).toEqual([['team web-app invite.ts', 'moka', 'samovar', 'teacosy']])
  })

  test('has the processes wait for permission and go on', async () => {
    const { replay, clock } = await prepared()
    const liveness = claude.liveness!([replay.claudeOf('bruno')])
    const seen: string[] = []
    replay.start()
    for (let i = 0; i < 8 * 60; i += 5) {
      await clock.pass(5000)
      seen.push(...(await liveness.poll()).map(({ fact }) => ('reason' in fact ? fact.reason : '')))
    }
    expect(seen.length).toBeGreaterThanOrEqual(4)
    expect(distinct(seen)).toEqual(['permission', 'unknown'])
    const sessions = await eventsOf(replay, 'bruno', clock.now())
    const [latest] = sessions.toReversed()
    expect(liveness.isAlive(latest!.payload.sessionId)).toBe(true)
  })

  test('never dries up: it goes on with new sessions', async () => {
    const speed = 2
    const { replay, clock } = await prepared({ speed })
    replay.start()
    await clock.pass(12 * MINUTE)
    const times: number[] = []
    for (const { id } of AT_WORK) {
      const events = await eventsOf(replay, id, clock.now())
      expect(distinct(events.map(({ payload }) => payload.sessionId)).length).toBeGreaterThanOrEqual(4)
      expect(distinct(events.map((event) => event.id))).toHaveLength(events.length)
      times.push(...events.map(timeOf))
    }
    times.push(NOW, clock.now())
    const live = times.filter((at) => at >= NOW).sort((a, b) => a - b)
    const silences = live.slice(1).map((at, i) => at - live[i]!)
    expect(Math.max(...silences)).toBeLessThan((30_000 / speed) * 1.01)
  })

  test('goes on with the same session for a while, so that they do not pile up', async () => {
    const { replay, clock } = await prepared({ speed: 4, sessionMs: 6 * MINUTE })
    replay.start()
    await clock.pass(5 * MINUTE)
    const events = await eventsOf(replay, 'ada', clock.now())
    expect(distinct(events.map(({ payload }) => payload.sessionId))).toHaveLength(2)
    expect(distinct(events.map((event) => event.id))).toHaveLength(events.length)
    expect(
      events.filter(({ payload }) => 'kind' in payload && payload.kind === 'prompt').length,
    ).toBeGreaterThan(9)
  })

  test('has days of history behind it, and all of it is over', async () => {
    const { replay } = await prepared({ historyDays: 14 })
    const sessions = new Set<string>()
    const ended = new Set<string>()
    for (const { id } of AT_WORK) {
      const events = await eventsOf(replay, id, NOW)
      expect(Math.max(...events.map(timeOf))).toBeLessThan(NOW - 30 * MINUTE)
      expect(distinct(events.map(({ timestamp }) => timestamp.slice(0, 10))).length).toBeGreaterThanOrEqual(8)
      expect(events.length).toBeLessThan(6000)
      for (const { eventType, payload } of events) {
        sessions.add(payload.sessionId)
        if (eventType === 'summary') ended.add(payload.sessionId)
      }
    }
    expect(distinct([...ended])).toEqual(distinct([...sessions]))
  })

  test('has everyone work in the hours of their own day, and one of them on a plane until two hours ago', async () => {
    const { replay } = await prepared({ historyDays: 14 })
    const hoursOf = async (id: PersonId, offset: number) => {
      const events = (await eventsOf(replay, id, NOW)).filter(({ eventType }) => eventType === 'tool')
      return events.map((event) => new Date(timeOf(event) + offset * MINUTE).getUTCHours())
    }
    for (const person of AT_WORK) {
      const hours = await hoursOf(person.id, utcOffsetOf(person, 0))
      expect(Math.min(...hours)).toBeGreaterThanOrEqual(person.hours[0])
      // What is begun late goes on for a while.
      expect(Math.max(...hours)).toBeLessThan(person.hours[1] + 3)
    }
    const flight = (await eventsOf(replay, 'emi', NOW)).map((event) => NOW - timeOf(event))
    expect(flight.length).toBeGreaterThan(150)
    expect(Math.max(...flight)).toBeLessThanOrEqual(9 * 60 * MINUTE)
    expect(Math.min(...flight)).toBeGreaterThanOrEqual(2 * 60 * MINUTE)
    expect(await eventsOf(replay, 'finn', NOW)).toEqual([])
  })

  test('has teammates in zones that there are, wherever the visitor is', () => {
    expect(
      utcOffsetOf(
        PEOPLE.find(({ id }) => id === VISITOR)!,
        14 * 60,
      ),
    ).toBe(14 * 60)
    for (const person of PEOPLE) {
      for (let visitors = -12 * 60; visitors <= 14 * 60; visitors += 15) {
        const offset = utcOffsetOf(person, visitors)
        expect(offset).toBeGreaterThanOrEqual(-12 * 60)
        expect(offset).toBeLessThanOrEqual(14 * 60)
        expect(Math.abs(offset - visitors - person.aheadMinutes) % 1440).toBe(0)
      }
    }
  })

  test('has something to show at once', async () => {
    const { replay, clock } = await prepared()
    replay.start()
    await clock.pass(0)
    for (const { id } of AT_WORK) {
      const events = await eventsOf(replay, id, NOW)
      const ago = events.map((event) => NOW - timeOf(event)).sort((a, b) => a - b)
      expect(ago[0]).toBeLessThan(MINUTE / 4)
      // Both sessions have lasted for an hour or two, and go on.
      expect(distinct(events.map(({ payload }) => payload.sessionId))).toHaveLength(2)
      expect(ago.at(-1)).toBeGreaterThan(50 * MINUTE)
      expect(ago.at(-1)).toBeLessThan(150 * MINUTE)
      expect(events.filter(({ eventType }) => eventType === 'summary')).toEqual([])
    }
  })

  test('writes nothing any more when it has been stopped', async () => {
    const { replay, clock } = await prepared()
    replay.start()
    await clock.pass(MINUTE)
    await replay.stop()
    const before = await eventsOf(replay, 'ada', NOW)
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(await eventsOf(replay, 'ada', NOW)).toEqual(before)
  })

  test('says so where it cannot write, and the others go on', async () => {
    const { replay, clock, failures } = await prepared()
    await rm(replay.claudeOf('bruno'), { recursive: true })
    replay.start()
    while (failures.length < 2) await nextTurn()
    expect(failures.map((error) => (error as NodeJS.ErrnoException).code)).toEqual(['ENOENT', 'ENOENT'])
    expect((await eventsOf(replay, 'ada', clock.now())).length).toBeGreaterThan(5)
  })
})

test('the clones are real repositories with one first commit', async () => {
  const { replay } = await prepared()
  const git = (id: PersonId, code: string, name: string, ...args: string[]) =>
    execFileSync('git', args, { cwd: join(replay.homeOf(id), code, name), encoding: 'utf8' }).trim()
  git('ada', 'code', 'web-app', 'fsck', '--strict')
  expect(git('ada', 'code', 'web-app', 'status', '--porcelain', '--branch')).toBe('## main')
  const commits = [
    git('ada', 'code', 'web-app', 'rev-list', 'HEAD'),
    git('bruno', 'src', 'web-app', 'rev-list', 'HEAD'),
    git('chiyo', 'projects', 'web-app', 'rev-list', 'HEAD'),
  ]
  expect(distinct(commits)).toHaveLength(1)
  expect(git('chiyo', 'projects', 'infra', 'rev-list', 'HEAD')).not.toBe(commits[0])
})
