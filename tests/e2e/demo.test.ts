import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { EventsAnswer, HeatmapAnswer, MemberRow, MembersAnswer, OverlapsAnswer } from '../../core/api.ts'
import type { RunningNode } from '../support/cli.ts'
import { start, startNode, until, vibetea } from '../support/cli.ts'
import { temporaryDirectory } from '../support/directory.ts'
import { eventsIn } from '../support/events.ts'
import { socketsOf } from '../support/sockets.ts'

/** A person's machine: a home in which nothing may be made, and the system's folder for what is temporary. */
function machine() {
  const directory = temporaryDirectory()
  const home = join(directory, 'person')
  const temporary = join(directory, 'tmp')
  for (const path of [home, temporary]) mkdirSync(path)
  const variables = {
    HOME: home,
    USERPROFILE: home,
    TMPDIR: temporary,
    TEMP: temporary,
    TMP: temporary,
    VIBETEA_HOME: join(home, '.vibetea'),
    VIBETEA_CLAUDE_DIR: join(home, '.claude'),
    // What would lead elsewhere, if it counted.
    VIBETEA_BOOTSTRAP: '127.0.0.1:9',
  }
  return { home, temporary, variables }
}

/** The demo, and how to ask the visitor's node. */
async function running(temporary: string, variables: ReturnType<typeof machine>['variables']) {
  const demo = await startNode(variables, { args: ['demo', '--no-open'] })
  const home = join(temporary, readdirSync(temporary)[0]!, 'dana', '.vibetea')
  const authorization = `Bearer ${readFileSync(join(home, 'api-token'), 'utf8').trim()}`
  const get: RunningNode['get'] = async <Answer>(path: string) => {
    const response = await fetch(demo.url + path, { headers: { authorization } })
    return (await response.json()) as Answer
  }
  return { demo, home, get }
}

describe('vibetea demo', () => {
  test('shows a team at work, has the visitor meet a teammate in a file, and leaves nothing behind', async () => {
    const { home: person, temporary, variables } = machine()
    const { demo, home, get } = await running(temporary, variables)
    const isHere = ({ connection, source }: MemberRow) =>
      connection === 'direct' && !source.startsWith('unknown')
    const { members } = await until(
      () => get<MembersAnswer>('/api/members'),
      ({ members }) => members.filter(isHere).length >= 3,
    )
    expect(members.map(({ name, isSelf }) => (isSelf ? `${name}, you` : name))).toEqual(
      expect.arrayContaining(['Ada', 'Bruno', 'Chiyo', 'Dana, you']),
    )
    const sources = await until(
      async () => {
        const { events } = await get<EventsAnswer>('/api/events?limit=200')
        return [...new Set(events.map(({ source }) => source.split('-')[0]!))].sort()
      },
      (found) => found.length >= 4,
    )
    expect(sources).toEqual(expect.arrayContaining(['moka', 'samovar', 'teacosy', 'tetsubin']))
    const { aggregates } = await until(
      () => get<HeatmapAnswer>('/api/heatmap?days=30&tz=UTC'),
      ({ aggregates }) => eventsIn(aggregates) > 1000,
    )
    expect(eventsIn(aggregates)).toBeGreaterThan(1000)

    const waiting = await until(
      () => get<MembersAnswer>('/api/members'),
      ({ members }) => members.some(({ presence }) => presence === 'waiting'),
    )
    expect(waiting.members.map(({ presence }) => presence)).toContain('waiting')
    let overlaps: OverlapsAnswer['overlaps'] = []
    for (let tries = 0; overlaps.length === 0 && tries < 4; tries++) {
      const isMet = ({ overlaps }: OverlapsAnswer) => overlaps.length > 0
      overlaps = (await until(() => get<OverlapsAnswer>('/api/overlaps'), isMet)).overlaps
    }
    expect(overlaps).toMatchObject([{ context: 'invite.ts', project: 'web-app', kind: 'team' }])
    const inIt = overlaps[0]!.sessions.map(({ source, isSelf }) => `${source.split('-')[0]} ${isSelf}`)
    expect(inIt).toEqual(expect.arrayContaining(['teacosy true', 'moka false']))
    // Emi has landed, and what she did on the plane comes late; Finn only watches.
    const late = await until(
      () => get<EventsAnswer>('/api/events?limit=1000'),
      ({ events }) => events.some(({ source }) => source.startsWith('cezve-')),
    )
    const flight = late.events.filter(({ source }) => source.startsWith('cezve-'))
    for (const { timestamp, receivedAt } of flight) {
      expect(Date.parse(receivedAt) - Date.parse(timestamp)).toBeGreaterThan(2 * 3_600_000)
    }
    const { members: all } = await until(
      () => get<MembersAnswer>('/api/members'),
      ({ members }) => members.filter(isHere).length === 5,
    )
    expect(all.find(({ name }) => name === 'Finn')).toMatchObject({ role: 'reader', connection: 'direct' })
    expect(new Set(all.map(({ utcOffsetMinutes }) => utcOffsetMinutes)).size).toBeGreaterThanOrEqual(4)

    const { stdout } = await vibetea(['who'], { ...variables, VIBETEA_HOME: home })
    expect(stdout).toContain('are in the same file: invite.ts in web-app')

    const outside = socketsOf(demo.process.pid!).filter((address) => !address.includes(' 127.0.0.1:'))
    expect(outside).toEqual([])
    expect(demo.log()).toBe('')
    expect((await demo.end('SIGINT')).code).toBe(0)
    expect(readdirSync(temporary)).toEqual([])
    expect(readdirSync(person)).toEqual([])
    expect(existsSync(variables.VIBETEA_HOME)).toBe(false)
  }, 90_000)

  test('leaves nothing behind where it is ended while it starts', async () => {
    const { home: person, temporary, variables } = machine()
    const stopping = new AbortController()
    const demo = start(['demo', '--no-open'], variables, stopping.signal)
    await until(
      () => Promise.resolve(readdirSync(temporary)),
      (names) => names.length > 0,
    )
    await pause(150)
    stopping.abort()
    const { code, stdout, stderr } = await demo.finished
    expect([code, stdout, stderr]).toEqual([0, '', ''])
    expect(readdirSync(temporary)).toEqual([])
    expect(readdirSync(person)).toEqual([])
  })

  test('says what is wrong with its port, and leaves nothing behind', async () => {
    const { temporary, variables } = machine()
    const { code, stderr } = await vibetea(['demo', '--no-open', '--port', '99999'], variables)
    expect(code).toBe(1)
    expect(stderr).toContain('--port is')
    expect(stderr).toContain('99999')
    expect(readdirSync(temporary)).toEqual([])
  })
})
