import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { MembersAnswer, StatusAnswer } from '../../core/api.ts'
import { secretsOf } from '../../core/secrets.ts'
import { formatTeamKey, parseTeamKey } from '../../core/team-key.ts'
import { until } from '../support/cli.ts'
import { FakeIngest } from '../support/fake-ingest.ts'
import { createTeam, Laptop, startBootstrap, untilEqual, untilMeshed } from '../support/team.ts'

const KILLS = 3

type Archived = Laptop & { variables: { VIBETEA_SUPABASE_URL: string } }

/** Has a laptop feed an archive where it is asked to, each second. */
function feeds(laptop: Laptop, { url }: FakeIngest): Archived {
  const settings = { VIBETEA_SUPABASE_URL: url, VIBETEA_SUPABASE_BATCH_INTERVAL_SECS: '1' }
  return Object.assign(laptop, { variables: Object.assign(laptop.variables, settings) })
}

/** A machine that stays on, with the team's key in a file. */
function server(network: { VIBETEA_BOOTSTRAP: string }, key: string): Laptop {
  const box = new Laptop('Box', network)
  const path = join(box.directory, 'key')
  writeFileSync(path, `${key}\n`)
  Object.assign(box.variables, { VIBETEA_TEAM_KEY_FILE: path })
  return box
}

const untilArchived = (archive: FakeIngest, ids: readonly string[]) =>
  until(
    () => Promise.resolve(archive.ids()),
    (held) => held.join() === ids.join(),
  )

/** Waits until a laptop has more events than so many; all of them. */
const untilRecorded = (laptop: Laptop, more: number) =>
  until(
    () => laptop.ids(),
    ({ length }) => length > more,
  )

describe('a server that archives', () => {
  test('keeps what laptops did while they sleep, for the archive and for who joins meanwhile', async () => {
    const [network, archive] = [await startBootstrap(), await FakeIngest.start()]
    const [ada, bruno] = [feeds(new Laptop('Ada', network), archive), new Laptop('Bruno', network)]
    const { teamKey, readOnlyKey } = await createTeam(ada, '--name', 'Ada')
    const box = feeds(server(network, readOnlyKey), archive)
    // A second archiver, from a laptop, does no harm.
    await ada.start('start', '--no-open', '--archive')
    await bruno.start('join', teamKey, '--share', 'all', '--name', 'Bruno')
    await box.start('archive')
    await untilMeshed([ada, bruno, box])
    for (const laptop of [ada, bruno]) laptop.session().prompt('brew').response('Done.')
    const [ids] = await untilEqual([ada, bruno, box], 6)
    expect(await untilArchived(archive, ids!)).toEqual(ids)
    const { members } = await bruno.node.get<MembersAnswer>('/api/members')
    const archivers = members.filter(({ isArchiver }) => isArchiver)
    expect(archivers.map(({ name, role }) => `${name} ${role}`).sort()).toEqual(['Ada member', 'box reader'])

    await Promise.all([ada.node.end('SIGTERM'), bruno.node.end('SIGTERM')])
    const chiyo = new Laptop('Chiyo', network)
    await chiyo.start('join', teamKey, '--share', 'all', '--name', 'Chiyo')
    expect((await untilEqual([box, chiyo], ids!.length))[1]).toEqual(ids)

    const mirror = new Laptop('Mirror', network)
    await mirror.start('archive', mirrorKey(readOnlyKey))
    await expectHeldUnread(mirror, box)
    await chiyo.node.end('SIGKILL')
    expect((await box.node.end('SIGTERM')).code).toBe(0)
    expect(box.node.log()).not.toContain(readOnlyKey.slice(10, 40))
    expect(archive.ids()).toEqual(ids)
    const dina = new Laptop('Dina', network)
    await dina.start('join', teamKey, '--share', 'all', '--name', 'Dina')
    const given = await until(
      () => dina.ids(),
      ({ length }) => length >= ids!.length,
    )
    expect(given).toEqual(ids)
  }, 90_000)

  test('that is killed at any moment brings every event into the archive, and once there is nothing new sends none', async () => {
    const [seed] = fc.sample(fc.nat(), 1)
    const moments = fc.sample(fc.integer({ min: 0, max: 700 }), { seed: seed!, numRuns: KILLS })
    const [network, archive] = [await startBootstrap(), await FakeIngest.start()]
    const ada = new Laptop('Ada', network)
    const { readOnlyKey } = await createTeam(ada, '--name', 'Ada')
    await ada.start()
    const box = feeds(server(network, readOnlyKey), archive)
    const session = ada.session()
    let written = 0
    const writing = setInterval(() => {
      session.prompt('brew').response('Done.')
      written++
    }, 20)
    for (const moment of moments) {
      await box.start('archive')
      await new Promise((resolve) => setTimeout(resolve, moment))
      await box.node.end('SIGKILL')
    }
    clearInterval(writing)
    const ids = await untilRecorded(ada, 2 * written)
    const last = await box.run('archive', '--once')
    expect(last, `seed ${seed}`).toMatchObject({ code: 0 })
    expect(archive.ids(), `seed ${seed}`).toEqual(ids)
    const calls = archive.calls.length

    const again = await box.run('archive', '--once')
    expect(again).toMatchObject({ code: 0, stdout: 'There was nothing new to archive.\n' })
    expect(archive.calls.slice(calls)).toEqual([])

    await expectRefusals(ada, box, archive)
  }, 90_000)
})

/** What a server gets that is to read nothing. */
function mirrorKey(readOnlyKey: string): string {
  const { teamId, secret } = parseTeamKey(readOnlyKey)
  return formatTeamKey({ kind: 'mirror', teamId, secret: secretsOf(teamId, 'reader', secret).mirror })
}

/** A mirror has the blocks of all logs and not one event, and its key does not stay in the list of processes. */
async function expectHeldUnread(mirror: Laptop, other: Laptop): Promise<void> {
  const blocks = async (laptop: Laptop) =>
    (await laptop.status()).logs.flatMap(({ kind, key, blocks }) =>
      kind === 'team' && blocks > 0 ? [`${key} ${blocks}`] : [],
    )
  const wanted = (await blocks(other)).sort()
  const held = await until(
    async () => (await blocks(mirror)).sort(),
    (each) => each.join() === wanted.join(),
  )
  expect(held).toEqual(wanted)
  expect(held).toHaveLength(2)
  expect(await mirror.ids()).toEqual([])
  const { pid } = mirror.node.process
  if (process.platform === 'linux')
    expect(readFileSync(`/proc/${pid}/cmdline`, 'latin1')).toMatch(/^vibetea\0/)
}

/** What a person sees where the archive wants a key that it is not given. */
async function expectRefusals(ada: Laptop, box: Laptop, archive: FakeIngest): Promise<void> {
  archive.instead = (response) => {
    response.writeHead(401, { 'content-type': 'application/json' }).end('{"message":"No API key found"}')
    return true
  }
  archive.calls.length = 0
  const { length } = await ada.ids()
  ada.session().prompt('once more')
  const refused = await box.run('archive', '--once')
  expect(refused).toMatchObject({ code: 1, stdout: '' })
  expect(refused.stderr).toMatch(/VIBETEA_SUPABASE_KEY/)
  expect(refused.stderr).toContain('Nothing is lost')

  archive.calls.length = 0
  await box.start('archive')
  const status = () => box.node.get<StatusAnswer>('/api/status')
  const { archive: state } = await until(status, ({ archive }) => archive?.state === 'refused')
  expect(state).toMatchObject({ state: 'refused', held: [] })
  ada.session().prompt('and more')
  // A session and a prompt each.
  const [ids] = await untilEqual([ada, box], length + 4)
  expect(archive.calls).toHaveLength(1)
  const warned = box.node.log().split('VIBETEA_SUPABASE_KEY').length - 1
  expect(warned).toBe(1)

  archive.instead = null
  expect((await box.node.end('SIGTERM')).code).toBe(0)
  expect(archive.ids()).toEqual(ids)
}
