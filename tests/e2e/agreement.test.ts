import { randomUUID } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { StatusAnswer } from '../../core/api.ts'
import type { Event } from '../../core/events.ts'
import { ClaudeSession } from '../support/claude-session.ts'
import type { RunningNode } from '../support/cli.ts'
import { startNode, until, vibetea } from '../support/cli.ts'
import { emptyMachine } from '../support/machine.ts'

const HOUR = 3_600_000

async function recorded(node: RunningNode): Promise<Event[]> {
  await until(
    () => node.get<StatusAnswer>('/api/status'),
    ({ sources, logs }) =>
      sources.every(({ backfill }) => backfill === null) && logs.every(({ behind }) => behind === 0),
  )
  return (await node.get<{ events: Event[] }>('/api/events?limit=1000')).events
}

const byId = (events: readonly Event[]) =>
  events
    .map(({ id, timestamp, eventType, payload }) => ({ id, timestamp, eventType, payload }))
    .toSorted((a, b) => (a.id < b.id ? -1 : 1))

test('preview and the node give the same events, a forked session included', async () => {
  const { directory, variables } = emptyMachine()
  const claude = join(directory, 'claude')
  const original = new ClaudeSession(claude, randomUUID(), '/code/web-app', Date.now() - 9 * HOUR)
    .prompt('brew')
    .tool('Edit', { file_path: '/code/web-app/src/kettle.ts' }, { content: 'ok' })
    .response('Done.')
    .turnEnds()
    .wait(3600)
    .prompt('and again')
    .response('Done again.', 70)
  const forkId = randomUUID()
  // A file system's clock goes in steps of some milliseconds, and a fork begins after what it is forked from.
  const writtenAt = Date.now()
  await until(
    async () => Date.now(),
    (now) => now > writtenAt + 50,
  )
  const forkPath = join(original.path, '..', `${forkId}.jsonl`)
  writeFileSync(forkPath, readFileSync(original.path, 'utf8').replaceAll(original.sessionId, forkId))
  const { stdout } = await vibetea(['preview', '--json'], variables)
  const previewed = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Event)
  const events = await recorded(await startNode(variables))
  expect(byId(events)).toEqual(byId(previewed))
  const responses = events.filter(({ payload }) => 'kind' in payload && payload.kind === 'response')
  // One of the message with the tool call, and two answers; none of the fork's copies.
  expect(responses.map(({ payload }) => payload.sessionId)).toEqual(Array(3).fill(original.sessionId))
})

test('a node that is ended while it reads says nothing of sessions that it has read in part', async () => {
  const { directory, variables } = emptyMachine()
  for (let n = 0; n < 6; n++) {
    const session = new ClaudeSession(
      join(directory, 'claude'),
      randomUUID(),
      '/code/web-app',
      Date.now() - 20 * HOUR,
    )
    for (let i = 0; i < 2000; i++) session.prompt(`brew ${i} ${'leaf '.repeat(20)}`)
  }
  const first = await startNode(variables)
  await until(
    () => first.get<StatusAnswer>('/api/status'),
    ({ logs, sources }) => logs[0]!.blocks > 0 || sources[0]!.backfill === null,
  )
  expect((await first.end('SIGTERM')).code).toBe(0)
  const second = await startNode(variables)
  await recorded(second)
  const eventsOf = async (args: string[]) => {
    const { stdout } = await vibetea(args, variables)
    return byId(
      stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Event),
    )
  }
  expect(await eventsOf(['export'])).toEqual(await eventsOf(['preview', '--json']))
})

test('what happens during a pause is not recorded, not even when it is read later', async () => {
  const { directory, variables } = emptyMachine()
  const claude = join(directory, 'claude')
  const node = await startNode(variables)
  await recorded(node)
  expect((await vibetea(['pause', '1h'], variables)).code).toBe(0)
  expect((await node.get<StatusAnswer>('/api/status')).node.pausedUntil).not.toBeNull()
  const pausedAt = Date.now()
  const session = new ClaudeSession(claude, randomUUID(), '/code/web-app', pausedAt - 1000).prompt('unseen')
  await until(
    async () => Date.now(),
    (now) => now > pausedAt + 50,
  )
  expect((await vibetea(['resume'], variables)).code).toBe(0)
  expect((await node.get<StatusAnswer>('/api/status')).node.pausedUntil).toBeNull()
  session.wait(60).prompt('seen')
  const events = await until(
    () => recorded(node),
    (list) => list.some(({ payload }) => 'kind' in payload),
  )
  const prompts = events.filter(({ payload }) => 'kind' in payload && payload.kind === 'prompt')
  expect(prompts.map(({ timestamp }) => Date.parse(timestamp) > pausedAt + 1000)).toEqual([true])
  // The same once more from the beginning of the file, by another node of this machine's decisions.
  const { stdout } = await vibetea(['preview', '--json'], variables)
  expect(stdout.match(/"kind":"prompt"/g)).toHaveLength(1)
})
