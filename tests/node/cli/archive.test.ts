import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { formatTeamKey, parseTeamKey } from '../../../core/team-key.ts'
import { secretsOf } from '../../../core/secrets.ts'
import { archive, type ArchiveFlags } from '../../../node/cli/archive.ts'
import { UsageError } from '../../../node/cli/ends.ts'
import { run } from '../../../node/cli/program.ts'
import { archivedLines, type Served } from '../../../node/cli/run-archive.ts'
import { readTeam } from '../../../node/home/team-file.ts'
import { joinTeam } from '../../../node/team-life.ts'
import { lifeOptions } from '../../../node/cli/enter-team.ts'
import { settingsOf } from '../../../node/cli/settings.ts'
import { CTRL_C, Desk, keyOf, runNode } from './support.ts'

const URL = 'https://abc.supabase.co/functions/v1'
const READ = keyOf('read')
const OTHER = formatTeamKey({ ...parseTeamKey(READ), teamId: new Uint8Array(32).fill(7) })

/** A server: nobody is at it. */
const server = () => new Desk({ isInteractive: false })

/** Runs the command up to the node; how that would be run. */
async function served(desk: Desk, argument?: string, flags: ArchiveFlags = {}): Promise<Served> {
  const runs: Served[] = []
  const code = await archive(desk, argument, flags, (each) => {
    runs.push(each)
    return Promise.resolve(7)
  })
  expect(code).toBe(7)
  expect(runs).toHaveLength(1)
  return runs[0]!
}

const said = (desk: Desk) => desk.complained.join('\n')

/** All that a home keeps but what SQLite and logs hold. */
function keptText(desk: Desk): string {
  const files = readdirSync(desk.home, { withFileTypes: true }).filter((entry) => entry.isFile())
  return files.map(({ name }) => readFileSync(join(desk.home, name), 'latin1')).join('\n')
}

async function joinAsMember(desk: Desk): Promise<void> {
  const args = { key: keyOf('write'), name: 'Ada', share: 'none', backfillMs: 0 } as const
  await joinTeam(lifeOptions(desk, await settingsOf(desk)), args)
}

describe('archive in a home that is in no team', () => {
  test('joins with a read-only key as a reader, under the name of the host, and says who sees that', async () => {
    const desk = server()
    desk.env.VIBETEA_SUPABASE_URL = URL
    desk.env.VIBETEA_TEAM_KEY = READ
    expect(await served(desk)).toMatchObject({ role: 'reader', once: false })
    expect(await readTeam(desk.home)).toMatchObject({ role: 'reader', name: 'laptop', teamName: null })
    expect(said(desk)).toContain('in the team now, as laptop. Everyone in it sees that, and learns its IP')
    expect(said(desk)).toContain(`The logs of the team are archived at ${URL}.`)
    expect(desk.printed).toEqual([])
  })

  test('has the name of VIBETEA_SOURCE_ID, or the one that --name gives', async () => {
    const box = server()
    box.env.VIBETEA_SOURCE_ID = 'box-1'
    await served(box, READ)
    expect(await readTeam(box.home)).toMatchObject({ name: 'box-1' })
    const named = server()
    await served(named, READ, { name: '  The   archive ' })
    expect(await readTeam(named.home)).toMatchObject({ name: 'The archive' })
    await expect(served(server(), READ, { name: 'a\u202eb' })).rejects.toThrow('--name')
  })

  test.each([
    ['stdin', '-'],
    ['a file whose path is in VIBETEA_TEAM_KEY_FILE', undefined],
  ])('takes the key from %s', async (_, argument) => {
    const desk = server()
    desk.stdin.end(`${READ}\n`)
    if (argument === undefined) {
      desk.env.VIBETEA_TEAM_KEY_FILE = join(desk.directory, 'key')
      writeFileSync(desk.env.VIBETEA_TEAM_KEY_FILE, `${READ}\n`)
    }
    await served(desk, argument)
    expect(await readTeam(desk.home)).toMatchObject({ role: 'reader' })
    expect(said(desk)).not.toContain('in the list of processes')
  })

  test('says of a key in the command line who can see it, and where it is better kept', async () => {
    const desk = server()
    await served(desk, READ)
    expect(said(desk)).toMatch(/others on this machine can see it.*VIBETEA_TEAM_KEY_FILE/)
    expect(said(desk)).not.toContain(READ.slice(5, 25))
  })

  test('asks hidden on a terminal, and for nothing else', async () => {
    const desk = new Desk()
    const serving = served(desk)
    await desk.answer('Team key', `${READ}\r`)
    expect(await serving).toMatchObject({ role: 'reader' })
    expect(desk.screen.replace(/\s+$/, '')).toBe('Team key (it is not shown):')
    const another = new Desk()
    const cancelled = expect(served(another)).rejects.toThrow('Cancelled')
    await another.answer('Team key', CTRL_C)
    await cancelled
    expect(existsSync(another.home)).toBe(false)
  })

  test('uses and keeps of a full team key the read-only part alone, and says so', async () => {
    const desk = server()
    const key = keyOf('write')
    expect(await served(desk, key)).toMatchObject({ role: 'reader' })
    expect(said(desk)).toMatch(/more than a server needs.*invite --read-only/)
    const { teamId, secret } = parseTeamKey(key)
    const { read } = secretsOf(teamId, 'member', secret)
    expect(await readTeam(desk.home)).toMatchObject({ role: 'reader', secret: read })
    expect(keptText(desk)).not.toContain(key.slice(60, 110))
  })

  test('with a mirror key holds what it cannot read, and says that it cannot archive it', async () => {
    const desk = server()
    expect(await served(desk, keyOf('mirror'))).toMatchObject({ role: 'mirror' })
    expect(said(desk)).toContain('This mirror holds the logs of the team, encrypted')
    expect(said(desk)).not.toContain('cannot archive')
    const archiving = server()
    archiving.env.VIBETEA_SUPABASE_URL = URL
    await served(archiving, keyOf('mirror'))
    expect(said(archiving)).toMatch(/cannot read them, so it cannot archive them. Use a read-only key/)
    expect(await readTeam(archiving.home)).toMatchObject({ role: 'mirror', name: 'laptop' })
  })

  test('says in one line that nothing is archived where no archive is set', async () => {
    const desk = server()
    await served(desk, READ)
    const lines = desk.complained.filter((line) => line.includes('VIBETEA_SUPABASE_URL'))
    expect(lines).toEqual([
      'VIBETEA_SUPABASE_URL is not set: nothing is archived, but the logs of the team are held, indexed and served.',
    ])
  })

  test.each([
    [undefined, 'There is no team key.'],
    [keyOf('admin'), 'the admin backup of a team'],
    ['hello', 'begin with vt1'],
    [READ.slice(0, 90), 'incomplete'],
  ])('refuses the key %j and leaves nothing behind', async (key, sentence) => {
    const desk = server()
    await expect(served(desk, key)).rejects.toThrow(sentence)
    expect(existsSync(desk.home)).toBe(false)
  })

  test('without a key and anybody to ask is used wrongly', async () => {
    await expect(served(server())).rejects.toThrow(UsageError)
  })
})

describe('archive in a home that is in a team', () => {
  test('goes on with the key of that team, as units and containers start with it again, and without one', async () => {
    const desk = server()
    await served(desk, READ)
    const before = await readTeam(desk.home)
    for (const key of [READ, keyOf('write'), keyOf('mirror'), undefined])
      expect(await served(desk, key)).toMatchObject({ role: 'reader' })
    expect(await readTeam(desk.home)).toEqual(before)
    await served(desk, undefined, { name: 'box-2' })
    expect(said(desk)).toContain('in the team as laptop already')
  })

  test('refuses the key of another team and names the ways out', async () => {
    const desk = server()
    await served(desk, READ)
    await expect(served(desk, OTHER)).rejects.toMatchObject({
      code: 'in_a_team',
      sentence: expect.stringMatching(
        /not of the team that this home is in.*vibetea leave.*VIBETEA_HOME/,
      ) as string,
    })
  })

  test('does not let a mirror stay one unseen where it is given a key that reads', async () => {
    const desk = server()
    await served(desk, keyOf('mirror'))
    expect(await served(desk, keyOf('mirror'))).toMatchObject({ role: 'mirror' })
    await expect(served(desk, READ)).rejects.toThrow('as a mirror, which cannot read')
  })

  test("in a member's own home archives as that member, and asks nothing", async () => {
    const desk = new Desk()
    await joinAsMember(desk)
    expect(await served(desk)).toMatchObject({ role: 'member' })
    expect(said(desk)).toContain('This home is that of Ada, a member. Sessions are not watched.')
    expect(desk.screen).toBe('')
  })

  test('says where a node runs already', async () => {
    const desk = server()
    const { url } = await runNode(desk)
    await expect(served(desk, READ)).rejects.toThrow(`already runs in ${desk.home}`)
    await expect(served(desk, READ)).rejects.toThrow(url)
  })
})

describe('archive --once', () => {
  test('takes no port that another node wants, unless it is told to', async () => {
    const desk = server()
    desk.env.VIBETEA_SUPABASE_URL = URL
    desk.env.VIBETEA_PORT = '8832'
    expect((await served(desk, READ, { once: true })).settings.port).toBe(0)
    expect((await served(desk, READ, { once: true, port: '8840' })).settings.port).toBe(8840)
    expect((await served(desk, READ)).settings.port).toBe(8832)
  })

  test('is refused without an archive, and with a key that reads nothing, before anything is done', async () => {
    const desk = server()
    await expect(served(desk, READ, { once: true })).rejects.toMatchObject({
      code: 'no_archive',
      sentence: expect.stringContaining('VIBETEA_SUPABASE_URL') as string,
    })
    desk.env.VIBETEA_SUPABASE_URL = URL
    await expect(served(desk, keyOf('mirror'), { once: true })).rejects.toThrow('cannot archive them')
    expect(existsSync(desk.home)).toBe(false)
  })

  test('says what it did', () => {
    const nothing = { sent: 0, inserted: 0, rejected: {} }
    expect(archivedLines(nothing)).toEqual(['There was nothing new to archive.'])
    const some = { sent: 1234, inserted: 1200, rejected: { too_old: 30, invalid_event: 4 } }
    expect(archivedLines(some)).toEqual([
      'Archived 1,234 events; 1,200 of them were new there.',
      'The archive left out: 30 too_old, 4 invalid_event.',
    ])
  })
})

describe('start --archive', () => {
  test('is refused where no archive is set', async () => {
    const desk = server()
    await expect(run(['start', '--archive'], desk)).rejects.toMatchObject({ code: 'no_archive' })
    expect(existsSync(desk.home)).toBe(false)
  })

  test('says of a node that runs already that it archives nothing, and how to have it do so', async () => {
    const desk = server()
    desk.env.VIBETEA_SUPABASE_URL = URL
    const { url } = await runNode(desk)
    await expect(run(['start', '--archive'], desk)).rejects.toMatchObject({
      code: 'not_archiving',
      sentence: expect.stringMatching(/It archives nothing\. End it.*vibetea start --archive/) as string,
    })
    expect(await run(['start'], desk)).toBe(0)
    expect(desk.text).toContain(url)
  })
})
