import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import WebSocket from 'ws'
import type { EventRow, EventsAnswer, ServerMessage, StatusAnswer } from '../../core/api.ts'
import type { Event } from '../../core/events.ts'
import { ASSISTANTS, weight } from '../../core/events.ts'
import type { Step, Written } from '../support/assistant-files.ts'
import { ASSISTANT_HOMES, inTurn, run, written } from '../support/assistant-files.ts'
import type { RunningNode } from '../support/cli.ts'
import { startNode, until, vibetea } from '../support/cli.ts'
import { emptyMachine } from '../support/machine.ts'

/** A machine on which nothing says where the assistants are: a home directory as each of them leaves it. */
function homeDirectory() {
  const { directory, variables } = emptyMachine()
  return { directory, variables: { ...variables, VIBETEA_CLAUDE_DIR: undefined } }
}

/** What all assistants write; `directoryOf` says where each does. */
async function allWritten(directoryOf: (home: string) => string, endsAt = Date.now()): Promise<Written[]> {
  const list = await Promise.all(
    ASSISTANTS.map((assistant) => written(assistant, directoryOf(ASSISTANT_HOMES[assistant]), endsAt)),
  )
  onTestFinished(async () => {
    for (const each of list) await each.close()
  })
  return list
}

const assistantsIn = (events: readonly Event[]) =>
  [...new Set(events.map(({ payload }) => payload.assistant))].sort()

const everyAssistant = [...ASSISTANTS].sort()

/**
 * Events by id, with what has to be the same however they come. Two files can tell of a subagent's beginning, its own and
 * that of the session that called it, each with its own time and one perhaps without the type; the first that is read
 * counts.
 */
const bare = (events: readonly Event[]) =>
  events
    .map(({ id, timestamp, eventType, payload }) => {
      if (eventType !== 'agent') return { id, timestamp, eventType, payload }
      return { id, timestamp: '', eventType, payload: { ...payload, agentType: undefined } }
    })
    .toSorted((a, b) => (a.id < b.id ? -1 : 1))

async function previewed(variables: Record<string, string | undefined>) {
  const { code, stdout, stderr } = await vibetea(['preview', '--json'], variables)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return bare(
    stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Event),
  )
}

async function recorded(node: RunningNode) {
  await until(
    () => node.get<StatusAnswer>('/api/status'),
    ({ sources, logs }) =>
      sources.every(({ backfill }) => backfill === null) && logs.every(({ behind }) => behind === 0),
  )
  return bare((await node.get<EventsAnswer>('/api/events?limit=1000')).events)
}

/** What the node has recorded, as soon as it is what `preview` shows, which it is in the end. */
async function agreed(node: RunningNode, variables: Record<string, string | undefined>) {
  const expected = await previewed(variables)
  const events = await until(
    () => recorded(node),
    (list) => JSON.stringify(list) === JSON.stringify(expected),
  )
  expect(events).toEqual(expected)
  return events
}

/** A window that is opened again wherever it was cut off. */
class Watcher {
  readonly rows: EventRow[] = []
  readonly others: string[] = []
  #head: string | undefined

  async connect(node: RunningNode): Promise<void> {
    const after = this.#head === undefined ? '' : `?after=${encodeURIComponent(this.#head)}`
    const socket = new WebSocket(`${node.url.replace('http', 'ws')}/ws${after}`, [
      'vibetea.v1',
      `bearer.${node.token()}`,
    ])
    onTestFinished(() => socket.terminate())
    socket.on('error', () => undefined) // the node is killed
    let isGreeted = false
    socket.on('message', (data: Buffer) => {
      const message = JSON.parse(data.toString()) as ServerMessage
      if (message.type === 'hello') {
        isGreeted = true
        if (this.#head === undefined) this.#head = message.head
        else if (!message.resumed) this.others.push('not resumed')
      } else if (message.type === 'events') {
        this.rows.push(...message.events)
        this.#head = message.head
      } else if (message.type === 'gap') this.others.push('gap')
    })
    await until(
      async () => isGreeted,
      (is) => is,
    )
  }
}

describe('Every assistant', () => {
  test('is read, followed, and read on after the node was killed, each event once', async () => {
    const { directory, variables } = homeDirectory()
    const all = await allWritten((home) => join(directory, home))
    const inPart = (from: number, to: number): Step[] =>
      inTurn(
        all.map(({ goesOn }) =>
          goesOn.slice(Math.floor(goesOn.length * from), Math.floor(goesOn.length * to)),
        ),
      )
    await run(all.flatMap(({ before }) => before))
    let node = await startNode(variables)
    const atStart = await agreed(node, variables)
    expect(assistantsIn(atStart as Event[])).toEqual(everyAssistant)

    const watcher = new Watcher()
    await watcher.connect(node)
    await run(inPart(0, 0.3))
    await until(
      async () => assistantsIn(watcher.rows),
      (list) => list.length === ASSISTANTS.length,
    )
    expect(assistantsIn(watcher.rows)).toEqual(everyAssistant)
    // While some of this is being read, and some is not written yet.
    await run(inPart(0.3, 0.5))
    await node.end('SIGKILL')
    await run(inPart(0.5, 0.7))
    node = await startNode(variables)
    await watcher.connect(node)
    await run(inPart(0.7, 1))

    const events = await agreed(node, variables)
    const lastSeen = new Map(atStart.map((event) => [event.id, event]))
    await until(
      async () => watcher.rows.length,
      (count) => count >= events.length - atStart.length,
    )
    const seen = new Map<string, number>()
    for (const row of watcher.rows) {
      // Only what a response has used may grow.
      expect(seen.get(row.id) ?? -1).toBeLessThan(weight(row))
      seen.set(row.id, weight(row))
      lastSeen.set(row.id, bare([row])[0]!)
    }
    // Of a response that has grown while the window was cut off only its place is known there.
    const places = (list: Iterable<Pick<Event, 'id' | 'timestamp'>>): string[] =>
      Array.from(list, ({ id, timestamp }) => `${id} ${timestamp}`).sort()
    expect(places(lastSeen.values())).toEqual(places(events))
    expect(watcher.others).toEqual([])
    expect(JSON.stringify(events)).not.toMatch(/SECRET|\/home\//)
    expect((await node.get<StatusAnswer>('/api/status')).sources.flatMap(({ problems }) => problems)).toEqual(
      [],
    )
  }, 90_000)

  test('that is installed after the node was started is followed', async () => {
    const { directory, variables } = homeDirectory()
    const node = await startNode(variables)
    expect(await recorded(node)).toEqual([])
    const all = await allWritten((home) => join(directory, home))
    await run(inTurn(all.map(({ before, goesOn }) => [...before, ...goesOn])))
    expect(assistantsIn((await agreed(node, variables)) as Event[])).toEqual(everyAssistant)
  }, 60_000)

  test.each(['a variable', 'config.json'])(
    'is read where %s says, and nowhere else',
    async (where) => {
      const { directory, variables } = homeDirectory()
      const other = (home: string) => join(directory, 'elsewhere', home)
      const elsewhere = await allWritten(other)
      await run(elsewhere.flatMap(({ before, goesOn }) => [...before, ...goesOn]))
      const empty = join(directory, 'empty')
      mkdirSync(empty)
      const settings = ASSISTANTS.map((assistant) => {
        const name = where === 'config.json' ? `${assistant}Dir` : `VIBETEA_${assistant.toUpperCase()}_DIR`
        return [name, `${empty}, ${other(ASSISTANT_HOMES[assistant])}`] as const
      })
      if (where === 'config.json') {
        mkdirSync(variables.VIBETEA_HOME, { mode: 0o700 })
        writeFileSync(
          join(variables.VIBETEA_HOME, 'config.json'),
          JSON.stringify(Object.fromEntries(settings)),
        )
      } else Object.assign(variables, Object.fromEntries(settings))
      const expected = await previewed(variables)
      const notThere = await allWritten((home) => join(directory, home), Date.now() - 3 * 3_600_000)
      await run(notThere.flatMap(({ before, goesOn }) => [...before, ...goesOn]))
      const node = await startNode(variables)
      const events = await agreed(node, variables)
      expect(events).toEqual(expected)
      expect(assistantsIn(events as Event[])).toEqual(everyAssistant)
      const { sources } = await node.get<StatusAnswer>('/api/status')
      for (const { assistant, directories } of sources)
        expect(directories).toEqual([empty, other(ASSISTANT_HOMES[assistant])])
    },
    60_000,
  )
})
