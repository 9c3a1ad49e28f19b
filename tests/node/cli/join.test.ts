import { existsSync, writeFileSync } from 'node:fs'
import { join as path } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseTeamKey } from '../../../core/team-key.ts'
import { Cancelled, UsageError } from '../../../node/cli/ends.ts'
import type { JoinFlags, JoinWork } from '../../../node/cli/join.ts'
import { join } from '../../../node/cli/join.ts'
import type { Peeked } from '../../../node/peek.ts'
import { SharingDecisions } from '../../../node/home/sharing.ts'
import { readTeam } from '../../../node/home/team-file.ts'
import { CTRL_C, CTRL_D, Desk, keyOf, runNode, SELF, TEAM } from './support.ts'

const KEY = keyOf('write')
const HARBOUR: Peeked = {
  teamName: 'harbour',
  members: ['Bruno', 'Chen'],
  readers: ['Eve'],
  archivers: ['box-1'],
}
const PROJECTS = [{ project: 'web-app' }, { project: 'infra' }, { project: 'acme-merger' }]

function joining(
  desk: Desk,
  argument: string | undefined,
  flags: Partial<JoinFlags> = {},
  { peeked = HARBOUR, projects = PROJECTS }: { peeked?: Peeked | null; projects?: typeof PROJECTS } = {},
) {
  const done = { isStarted: false, isPeeked: false }
  const work: JoinWork = {
    peek: () => {
      done.isPeeked = true
      return Promise.resolve(peeked)
    },
    recentProjects: () => Promise.resolve(projects),
    start: () => {
      done.isStarted = true
      return Promise.resolve(0)
    },
  }
  return Object.assign(done, { code: join(desk, argument, { start: true, ...flags }, work) })
}

const sharingOf = async (desk: Desk) => {
  const decisions = await SharingDecisions.open(desk.home)
  return Object.fromEntries(
    [...PROJECTS, { project: 'new' }].map(({ project }) => [project, decisions.sharingOf(project)]),
  )
}

describe('join on a terminal', () => {
  test('says who is there and what leaves, asks for name and projects, and starts the node', async () => {
    const desk = new Desk()
    const joined = joining(desk, KEY)
    await desk.answer('Name teammates see [ada]: ', 'Ada Okafor\r')
    await desk.answer('No event is sent before you answer: ', '1 2\r')
    expect(await joined.code).toBe(0)
    expect(desk.screen).toContain('Joining "harbour": 2 people, 1 watching (Eve), archived by box-1.')
    expect(desk.screen).toContain('Never: prompts, answers, code, commands')
    expect(desk.screen).toContain(' 1 web-app    2 infra    3 acme-merger')
    expect(desk.text).toContain('as Ada Okafor')
    expect(desk.text).toContain('You share web-app, infra. New projects stay private.')
    expect(joined.isStarted).toBe(true)
    expect(await readTeam(desk.home)).toMatchObject({
      name: 'Ada Okafor',
      role: 'member',
      backfill: null,
      ...(({ teamId, secret }) => ({ teamId, secret }))(parseTeamKey(KEY)),
    })
    expect(await sharingOf(desk)).toEqual({
      'web-app': 'shared',
      infra: 'shared',
      'acme-merger': 'private',
      new: 'private',
    })
  })

  test('asks again after an answer that means nothing', async () => {
    const desk = new Desk()
    const joined = joining(desk, KEY, { start: false })
    await desk.answer('Name teammates see', `${'x'.repeat(41)}\r`)
    await desk.answer('1 to 40 printable characters.\nName teammates see', '\r')
    await desk.answer('No event is sent before you answer: ', '\r')
    await desk.answer('numbers from 1 to 3', 'yes\r')
    await desk.answer('numbers from 1 to 3', 'n\r')
    expect(await joined.code).toBe(0)
    expect(joined.isStarted).toBe(false)
    expect(desk.text).toContain('You share nothing yet')
    expect(await readTeam(desk.home)).toMatchObject({ name: 'ada' })
  })

  test('goes on where nobody can be reached, and where there are no projects yet', async () => {
    const desk = new Desk()
    const joined = joining(desk, KEY, { name: 'Ada' }, { peeked: null, projects: [] })
    await desk.sees('Nobody of it is reachable yet.')
    await desk.answer('No projects of the last 30 days here', '\r')
    expect(await joined.code).toBe(0)
    expect(await sharingOf(desk)).toMatchObject({ new: 'private' })
  })

  test('takes the key hidden where none is given, also one that a mail has broken into lines', async () => {
    const desk = new Desk()
    const joined = joining(desk, undefined, { name: 'Ada', share: 'none' })
    await desk.answer('Team key', `${KEY.slice(0, 60)}\r${KEY.slice(60)}\r`)
    expect(await joined.code).toBe(0)
    expect(desk.screen + desk.text).not.toContain(KEY.slice(5, 25))
    expect(await readTeam(desk.home)).not.toBeNull()
  })

  test('with a read-only key shares nothing and says that everyone sees who watches', async () => {
    const desk = new Desk()
    const joined = joining(desk, keyOf('read'))
    await desk.sees('you watch, and everyone sees that')
    await desk.answer('Name teammates see', 'Eve\r')
    expect(await joined.code).toBe(0)
    expect(desk.screen).not.toContain('web-app')
    expect(desk.text).toContain('You watch the team now, as Eve.')
    expect(await readTeam(desk.home)).toMatchObject({ role: 'reader', name: 'Eve' })
  })

  test.each([
    ['Ctrl-C at the name', CTRL_C, null],
    ['the end of the input at the name', CTRL_D, null],
    ['Ctrl-C at the projects', 'Ada\r', CTRL_C],
  ])('%s leaves nothing behind', async (_, first, second) => {
    const desk = new Desk()
    const joined = joining(desk, KEY)
    const outcome = expect(joined.code).rejects.toThrow(Cancelled)
    await desk.answer('Name teammates see', first)
    if (second !== null) await desk.answer('before you answer: ', second)
    await outcome
    expect(joined.isStarted).toBe(false)
    expect(existsSync(desk.home)).toBe(false)
  })

  test('Ctrl-C while it looks who is there leaves nothing behind', async () => {
    const desk = new Desk()
    const work: JoinWork = {
      peek: ({ signal }) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => resolve(null), { once: true })
          setImmediate(() => desk.interrupt())
        }),
      recentProjects: () => Promise.resolve(PROJECTS),
      start: () => Promise.resolve(0),
    }
    await expect(join(desk, KEY, { start: true }, work)).rejects.toThrow(Cancelled)
    expect(existsSync(desk.home)).toBe(false)
  })
})

describe('join without a terminal', () => {
  test('needs --share, and says so before anything is done', async () => {
    const desk = new Desk({ isInteractive: false })
    const joined = joining(desk, KEY)
    await expect(joined.code).rejects.toThrow(UsageError)
    await expect(joined.code).rejects.toThrow('which projects to share')
    expect(joined.isPeeked).toBe(false)
    expect(existsSync(desk.home)).toBe(false)
  })

  test('needs a key', async () => {
    const desk = new Desk({ isInteractive: false })
    await expect(joining(desk, undefined, { share: 'none' }).code).rejects.toThrow(UsageError)
  })

  test.each([
    ['all', { 'web-app': 'shared', infra: 'shared', 'acme-merger': 'shared', new: 'shared' }],
    ['none', { 'web-app': 'private', infra: 'private', 'acme-merger': 'private', new: 'private' }],
    ['infra', { 'web-app': 'private', infra: 'shared', 'acme-merger': 'private', new: 'private' }],
  ])('shares with --share %s what that says', async (share, sharing) => {
    const desk = new Desk({ isInteractive: false })
    expect(await joining(desk, KEY, { share, backfill: '30d' }).code).toBe(0)
    expect(desk.screen).toBe('')
    expect(await sharingOf(desk)).toEqual(sharing)
    const team = await readTeam(desk.home)
    expect(team!.joinedAt - team!.sharedFrom).toBe(30 * 86_400_000)
  })

  test.each(['stdin', 'VIBETEA_TEAM_KEY', 'VIBETEA_TEAM_KEY_FILE'])(
    'takes the key from %s',
    async (place) => {
      const desk = new Desk({ isInteractive: false })
      if (place === 'stdin') desk.stdin.end(`${KEY.toUpperCase()}\n`)
      if (place === 'VIBETEA_TEAM_KEY') desk.env.VIBETEA_TEAM_KEY = KEY
      if (place === 'VIBETEA_TEAM_KEY_FILE') {
        desk.env.VIBETEA_TEAM_KEY_FILE = path(desk.directory, 'key')
        writeFileSync(desk.env.VIBETEA_TEAM_KEY_FILE, `${KEY}\n`)
      }
      expect(await joining(desk, place === 'stdin' ? '-' : undefined, { share: 'none' }).code).toBe(0)
      expect(await readTeam(desk.home)).toMatchObject({ name: 'ada', role: 'member' })
    },
  )

  test('needs no --share with a read-only key, and refuses to share with one', async () => {
    const desk = new Desk({ isInteractive: false })
    const key = keyOf('read')
    await expect(joining(desk, key, { share: 'all' }).code).rejects.toThrow('nothing can be shared with it')
    await expect(joining(desk, key, { backfill: '1d' }).code).rejects.toThrow(UsageError)
    expect(await joining(desk, key).code).toBe(0)
  })

  test.each([
    [keyOf('mirror'), 'mirror key'],
    [keyOf('admin'), 'admin backup'],
    ['hello', 'begin with vt1'],
    [KEY.slice(0, 90), 'incomplete'],
  ])('refuses the key %j with a sentence', async (key, sentence) => {
    const desk = new Desk({ isInteractive: false })
    await expect(joining(desk, key, { share: 'none' }).code).rejects.toThrow(sentence)
    expect(existsSync(desk.home)).toBe(false)
  })

  test.each([
    [{ name: 'a\u202eb' }, '--name'],
    [{ backfill: '30 days' }, '--backfill 30 days'],
    [{ share: '/home/ada' }, '"/home/ada" is not a project'],
  ])('refuses %j', async (flags, sentence) => {
    const desk = new Desk({ isInteractive: false })
    await expect(joining(desk, KEY, { share: 'none', ...flags }).code).rejects.toThrow(sentence)
    expect(existsSync(desk.home)).toBe(false)
  })
})

describe('join in a team', () => {
  test('is refused and names the ways out, whether a node runs or not', async () => {
    const desk = new Desk({ isInteractive: false })
    await joining(desk, KEY, { share: 'none' }).code
    const again = joining(desk, keyOf('read')).code
    await expect(again).rejects.toMatchObject({
      code: 'in_a_team',
      sentence: expect.stringMatching(/vibetea leave.*VIBETEA_HOME/) as string,
    })
    const other = new Desk()
    await runNode(other, { team: TEAM })
    await expect(joining(other, undefined).code).rejects.toThrow('in the team "harbour" already')
    expect(other.screen).toBe('')
  })
})

describe('join beside a running node', () => {
  test('lists the projects that it knows of the last 30 days, acts through it, and ends', async () => {
    const desk = new Desk()
    const { acted } = await runNode(desk, {
      members: [SELF],
      projects: [
        { project: 'api', projectTag: 'ybndrfg8ejkm', sharing: 'private' },
        { project: 'api', projectTag: 'ejkmybndrfg8', sharing: 'private' },
        { project: 'diary', sharing: 'excluded' },
        { project: 'last-year', sharing: 'private' },
        { project: 'web', sharing: 'shared' },
      ],
      recent: ['api', 'diary', 'web'],
    })
    const joined = joining(desk, KEY, { backfill: '1d' })
    await desk.answer('Name teammates see', 'Ada\r')
    await desk.sees('from 1 d ago on')
    await desk.sees(' 1 api    2 web')
    await desk.answer('before you answer: ', 'a\r')
    expect(await joined.code).toBe(0)
    expect(joined.isStarted).toBe(false)
    const args = { key: KEY, name: 'Ada', share: ['api', 'web'], backfillMs: 86_400_000 }
    expect(acted).toEqual([{ name: 'join', args }])
    expect(desk.screen).not.toMatch(/diary|last-year/)
  })
})
