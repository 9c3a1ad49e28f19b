import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { claude } from '../../../node/sources/claude/adapter.ts'
import { ClaudeLiveness } from '../../../node/sources/claude/liveness.ts'

const SESSION = '5e0c7a94-1f1b-4c8e-9d0a-3b6f2a7c1e55'
const SINCE = Date.parse('2026-03-14T15:00:00.000Z')

let folder: string
let running: Set<number>
let liveness: ClaudeLiveness

beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'vibetea-liveness-')), 'sessions')
  running = new Set([42])
  liveness = new ClaudeLiveness({ directories: [folder], isProcessAlive: (pid) => running.has(pid) })
})
afterEach(() => rm(join(folder, '..'), { recursive: true, force: true }))

async function says(more: object, name = '42.json'): Promise<void> {
  await mkdir(folder, { recursive: true })
  const common = {
    pid: 42,
    sessionId: SESSION,
    cwd: '/home/ada/teahouse',
    version: '2.1.278',
    name: 'SECRET',
  }
  await writeFile(join(folder, name), JSON.stringify({ ...common, ...more }))
}

describe('what a running Claude Code says of its session', () => {
  test.each([
    ['permission prompt', 'permission'],
    ['sandbox request', 'permission'],
    ['input needed', 'question'],
    ['a word of tomorrow', 'unknown'],
    [undefined, 'unknown'],
  ])('is that it waits: %s means %s', async (waitingFor, reason) => {
    await says({ status: 'waiting', waitingFor, statusUpdatedAt: SINCE, updatedAt: SINCE + 5 })
    expect(await liveness.poll()).toEqual([
      { at: SINCE, assistant: 'claude', sessionId: SESSION, cwd: null, fact: { type: 'waiting', reason } },
    ])
    expect(liveness.isAlive(SESSION)).toBe(true)
  })

  test('is told once for each wait, and once that it is over', async () => {
    await says({ status: 'waiting', waitingFor: 'input needed', statusUpdatedAt: SINCE })
    expect(await liveness.poll()).toHaveLength(1)
    expect(await liveness.poll()).toEqual([])
    await says({ status: 'busy', statusUpdatedAt: SINCE + 1000 })
    expect(await liveness.poll()).toMatchObject([
      { at: SINCE + 1000, fact: { type: 'waiting', reason: 'unknown' } },
    ])
    expect(await liveness.poll()).toEqual([])
    await says({ status: 'waiting', waitingFor: 'input needed', statusUpdatedAt: SINCE + 2000 })
    expect(await liveness.poll()).toHaveLength(1)
  })

  test('is that the wait is over also where the file was half written in between', async () => {
    await says({ status: 'waiting', waitingFor: 'input needed', statusUpdatedAt: SINCE })
    await liveness.poll()
    await writeFile(join(folder, '42.json'), '{"pid":42,"sess')
    expect(await liveness.poll()).toEqual([])
    expect(liveness.isAlive(SESSION)).toBe(true)
    await says({ status: 'busy', statusUpdatedAt: SINCE + 1000 })
    expect(await liveness.poll()).toMatchObject([{ at: SINCE + 1000, fact: { reason: 'unknown' } }])
  })

  test.each(['busy', 'idle', 'shell', 'dreaming', 7, undefined])(
    'is no wait where the status is %s',
    async (status) => {
      await says({ status, waitingFor: 'permission prompt', statusUpdatedAt: SINCE })
      expect(await liveness.poll()).toEqual([])
      expect(liveness.isAlive(SESSION)).toBe(true)
    },
  )

  test('counts for nothing where the process is gone', async () => {
    await says({ status: 'waiting', statusUpdatedAt: SINCE })
    running.clear()
    expect(await liveness.poll()).toEqual([])
    expect(liveness.isAlive(SESSION)).toBe(false)
  })

  test('ends with the process, without another look at the file', async () => {
    await says({ status: 'busy' })
    await liveness.poll()
    running.clear()
    expect(liveness.isAlive(SESSION)).toBe(false)
  })

  test('is nothing where there is no folder, or no such file in it', async () => {
    expect(await liveness.poll()).toEqual([])
    await says({ status: 'waiting', statusUpdatedAt: SINCE }, 'pid-42.json')
    await writeFile(join(folder, '43.json'), '{"pid":43,"sess')
    await writeFile(join(folder, '44.json'), '[]')
    await writeFile(join(folder, '45.json'), '{"pid":"42","sessionId":{},"status":"waiting"}')
    expect(await liveness.poll()).toEqual([])
    expect(liveness.isAlive(SESSION)).toBe(false)
  })

  test('knows this very process to live', async () => {
    await says({ pid: process.pid })
    const real = new ClaudeLiveness({ directories: [folder] })
    await real.poll()
    expect(real.isAlive(SESSION)).toBe(true)
    expect(real.isAlive('another')).toBe(false)
  })

  test('stands beside the sessions’ folder', () => {
    expect(claude.liveness?.(['/home/ada/.claude', '/b/projects']).watched).toEqual([
      '/home/ada/.claude/sessions',
      '/b/sessions',
    ])
  })
})
