import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { sourceLabel } from '../../../core/identity.ts'
import type { Draft } from '../../../core/rule.ts'
import { secretsOf } from '../../../core/secrets.ts'
import type { Device } from '../../../node/device.ts'
import { projectsOf, ruleOf, tagKeysOf, teamTagsOf } from '../../../node/device.ts'
import { DeviceKey } from '../../../node/home/device-key.ts'
import { readSettings } from '../../../node/home/settings.ts'
import { SharingDecisions } from '../../../node/home/sharing.ts'
import type { TeamFile } from '../../../node/home/team-file.ts'
import { temporaryDirectory } from '../../support/directory.ts'

const T0 = Date.parse('2026-11-20T09:00:00Z')
const TEAM: TeamFile = {
  teamId: new Uint8Array(32).fill(1),
  role: 'member',
  secret: new Uint8Array(32).fill(2),
  name: 'Ada',
  teamName: null,
  incarnation: new Uint8Array(8),
  joinedAt: T0,
  sharedFrom: T0,
  backfill: null,
}
const SECRETS = secretsOf(TEAM.teamId, 'member', TEAM.secret)
const READER: TeamFile = { ...TEAM, role: 'reader', secret: SECRETS.read! }
const MIRROR: TeamFile = { ...TEAM, role: 'mirror', secret: SECRETS.mirror }

function deviceOf(n: number): Device {
  const key = new DeviceKey(new Uint8Array(32).fill(n))
  return { key, source: sourceLabel('laptop', key.publicKey) }
}

/** A clone of one repository, in a directory of its own. */
function repository(): string {
  const path = join(temporaryDirectory(), 'teahouse')
  mkdirSync(path)
  const identity = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.org', '-c', 'commit.gpgsign=false']
  const when = '2026-01-02T03:04:05Z'
  const git = (...args: string[]) =>
    execFileSync('git', ['-C', path, ...identity, ...args], {
      stdio: 'ignore',
      env: { ...process.env, GIT_AUTHOR_DATE: when, GIT_COMMITTER_DATE: when },
    })
  git('init')
  git('commit', '--allow-empty', '-m', 'first')
  return path
}

/** What a device records of an edit in a repository, and who finds it: in a team, or in none. */
async function machine(n: number, team: TeamFile | null, home = temporaryDirectory()) {
  const device = deviceOf(n)
  const keys = tagKeysOf(device, team)
  const sharing = await SharingDecisions.open(home)
  const settings = readSettings({
    env: { VIBETEA_HOME: home },
    flags: {},
    configText: null,
    homeDirectory: home,
    hostname: 'laptop',
    workingDirectory: home,
  })
  const rule = ruleOf(device, settings, sharing, keys)
  const projects = projectsOf(device, home, keys, sharing)
  const edit = async (cwd: string, at = T0) => {
    const fact = {
      type: 'tool',
      tool: 'Edit',
      callId: 'toolu_01ABCDEFGHIJKLMNOP',
      status: 'started',
    } as const
    const draft: Draft = {
      at,
      assistant: 'claude',
      sessionId: '3b241101-e2bb-4255-8caf-4136c566a962',
      cwd,
      fact: { ...fact, path: join(cwd, 'src/kettle.ts') },
    }
    const event = rule.event(draft, await projects.resolve(cwd))
    const payload = event?.payload
    return payload && 'fileTag' in payload
      ? { fileTag: payload.fileTag, projectTag: payload.projectTag }
      : null
  }
  return { keys, sharing, edit, home }
}

describe('tags', () => {
  test('of one file of one repository are the same on every machine of a team, and on no others', async () => {
    const shops = [repository(), repository()]
    const ada = await (await machine(1, TEAM)).edit(shops[0]!)
    const bob = await (await machine(2, TEAM)).edit(shops[1]!)
    expect(ada).toEqual(bob)
    const others = await Promise.all([
      machine(1, null),
      machine(2, null),
      machine(2, { ...TEAM, teamId: new Uint8Array(32).fill(9) }),
    ])
    const all = [ada, ...(await Promise.all(others.map(({ edit }) => edit(shops[0]!))))]
    expect(new Set(all.map((tags) => tags?.fileTag)).size).toBe(4)
    expect(new Set(all.map((tags) => tags?.projectTag)).size).toBe(4)
  })

  test('of a reader name projects as the team does, and files as before; a mirror’s are its own', async () => {
    const shop = repository()
    const member = await (await machine(1, TEAM)).edit(shop)
    const alone = await (await machine(1, null)).edit(shop)
    expect(await (await machine(1, READER)).edit(shop)).toEqual({
      fileTag: alone!.fileTag,
      projectTag: member!.projectTag,
    })
    expect(await (await machine(1, MIRROR)).edit(shop)).toEqual(alone)
  })

  test('change with the first event after a team is entered, and back after it is left', async () => {
    const shop = repository()
    const { keys, edit } = await machine(1, null)
    const before = await edit(shop)
    keys.use(teamTagsOf(TEAM))
    expect(await edit(shop)).toEqual(await (await machine(2, TEAM)).edit(shop))
    keys.use(null)
    expect(await edit(shop)).toEqual(before)
  })

  test('of a project that was excluded before the team was entered let nothing through after', async () => {
    const shop = repository()
    const { keys, sharing, edit, home } = await machine(1, null)
    const { projectTag } = (await edit(shop))!
    await sharing.setSharing(`teahouse~${projectTag}`, 'excluded', T0)
    keys.use(teamTagsOf(TEAM))
    expect(await edit(shop)).toBeNull()
    // And by a node that starts in the team.
    const again = await machine(1, TEAM, home)
    expect(await again.edit(shop)).toBeNull()
    await again.sharing.setSharing(`teahouse~${projectTag}`, 'private', T0 + 10)
    expect(await again.edit(shop, T0 + 5)).toBeNull()
    const team = (await again.edit(shop, T0 + 20))!
    await again.sharing.setSharing(`teahouse~${team.projectTag}`, 'excluded', T0 + 30)
    again.keys.use(null)
    expect(await again.edit(shop, T0 + 40)).toBeNull()
    expect(await (await machine(1, null, home)).edit(shop, T0 + 40)).toBeNull()
  })
})
