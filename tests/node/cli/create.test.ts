import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { TeamMade } from '../../../core/api.ts'
import { keyText } from '../../../core/secrets.ts'
import { parseTeamKey } from '../../../core/team-key.ts'
import type { CreateFlags } from '../../../node/cli/create.ts'
import { create } from '../../../node/cli/create.ts'
import { Cancelled } from '../../../node/cli/ends.ts'
import { invite } from '../../../node/cli/invite.ts'
import { leave } from '../../../node/cli/leave.ts'
import { readTeam } from '../../../node/home/team-file.ts'
import { CTRL_C, Desk, keyOf, runNode, TEAM } from './support.ts'

const PROJECTS = () => Promise.resolve([{ project: 'web-app' }, { project: 'infra' }])
const creating = (desk: Desk, name?: string, flags: CreateFlags = {}) => create(desk, name, flags, PROJECTS)
const nobody = () => new Desk({ isInteractive: false })

describe('create', () => {
  test('asks for name and projects, and prints the key, how to join, and where the backup is', async () => {
    const desk = new Desk()
    const created = creating(desk, 'harbour')
    await desk.sees('Making the team "harbour".')
    await desk.answer('Name teammates see [ada]: ', 'Ada Okafor\r')
    await desk.sees('Never: prompts, answers')
    await desk.answer('before you answer: ', '2\r')
    await created
    const key = desk.printed.find((line) => line.startsWith('vt1w'))!
    expect(parseTeamKey(key).kind).toBe('write')
    expect(desk.printed).toContain(`vibetea join ${key}`)
    expect(desk.text).toContain(
      'Treat it as a password: anyone with this key can read and join until you rotate it.',
    )
    expect(desk.text).toContain('You share infra.')
    expect(desk.text).toMatch(/Without it a lost laptop means that nobody can ever be removed/)
    const backup = /Admin backup: (.+)/.exec(desk.text)![1]!
    expect(readFileSync(backup, 'utf8')).toContain('vt1a')
    expect(await readTeam(desk.home)).toMatchObject({
      name: 'Ada Okafor',
      teamName: 'harbour',
      role: 'member',
    })
  })

  test('with --json asks nothing, shares nothing, and keeps the backup’s place out of what is printed', async () => {
    const desk = new Desk()
    await creating(desk, undefined, { json: true })
    expect(desk.screen).toBe('')
    const printed = JSON.parse(desk.text) as TeamMade
    expect(Object.keys(printed)).toEqual(['teamId', 'teamKey', 'readOnlyKey'])
    const { teamId } = parseTeamKey(printed.teamKey)
    expect(printed.teamId).toBe(keyText(teamId))
    expect(parseTeamKey(printed.readOnlyKey)).toMatchObject({ kind: 'read', teamId })
    expect(desk.complained.join('\n')).toMatch(/Admin backup: .+\.key/)
    expect(await readTeam(desk.home)).toMatchObject({ name: 'ada', teamName: null })
  })

  test('--qr draws the key', async () => {
    const desk = nobody()
    await creating(desk, 'harbour', { qr: true })
    const code = desk.printed.filter((line) => /^[█▀▄ ]+$/.test(line) && line.length > 30)
    expect(code.length).toBeGreaterThan(15)
    expect(new Set(code.map((line) => line.length)).size).toBe(1)
  })

  test('Ctrl-C leaves nothing behind', async () => {
    const desk = new Desk()
    const outcome = expect(creating(desk)).rejects.toThrow(Cancelled)
    await desk.answer('Name teammates see', CTRL_C)
    await outcome
    expect(existsSync(desk.home)).toBe(false)
  })

  test('is refused in a team, and for a name that cannot be one', async () => {
    const desk = nobody()
    await expect(creating(desk, 'x'.repeat(41))).rejects.toMatchObject({ code: 'invalid_name' })
    await creating(desk)
    await expect(creating(desk)).rejects.toMatchObject({ code: 'in_a_team' })
  })

  test('beside a running node acts through it', async () => {
    const desk = nobody()
    const made: TeamMade = {
      teamId: 'y',
      teamKey: keyOf('write'),
      readOnlyKey: keyOf('read'),
      adminBackup: '/x.key',
    }
    const { acted } = await runNode(desk, {}, { create: made })
    await creating(desk, 'harbour', { share: 'all', backfill: '2d', name: 'Ada' })
    expect(acted).toEqual([
      {
        name: 'create',
        args: { teamName: 'harbour', name: 'Ada', share: 'all', backfillMs: 2 * 86_400_000 },
      },
    ])
    expect(desk.text).toContain(keyOf('write'))
    expect(desk.text).not.toContain('vibetea start')
  })
})

describe('invite', () => {
  test.each([
    [{}, 'write', 'can read and join until you rotate it'],
    [{ readOnly: true }, 'read', 'can read along'],
    [{ mirror: true }, 'mirror', 'opens none of them'],
  ])('%j prints a key of that kind and what it allows', async (flags, kind, sentence) => {
    const desk = nobody()
    await creating(desk)
    const made = desk.printed.find((line) => line.startsWith('vt1w'))!
    desk.printed.length = 0
    await invite(desk, flags)
    const key = desk.printed.find((line) => line.startsWith('vt1'))!
    expect(parseTeamKey(key)).toMatchObject({ kind, teamId: parseTeamKey(made).teamId })
    expect(desk.text).toContain(sentence)
  })

  test('--json prints the key and its role', async () => {
    const desk = nobody()
    const { acted } = await runNode(desk, { team: TEAM }, { invite: { key: keyOf('read'), role: 'reader' } })
    await invite(desk, { readOnly: true, json: true })
    expect(JSON.parse(desk.text)).toEqual({ key: keyOf('read'), role: 'reader' })
    expect(acted).toEqual([{ name: 'invite', args: { role: 'reader' } }])
  })

  test('without a team says what to do', async () => {
    await expect(invite(nobody(), {})).rejects.toMatchObject({ code: 'no_team' })
  })
})

describe('leave', () => {
  const leaving = (desk: Desk, flags: { yes?: boolean } = {}) => {
    const left = { isDone: false, code: Promise.resolve(0) }
    left.code = leave(desk, flags, () => {
      left.isDone = true
      return Promise.resolve()
    })
    return left
  }

  test.each([
    ['y\r', true, 0],
    ['\r', false, 1],
    ['no\r', false, 1],
  ])('asks, and %j means %s', async (answer, isDone, code) => {
    const desk = new Desk()
    await creating(desk, 'harbour', { json: true })
    const left = leaving(desk)
    await desk.sees('Leaving the team "harbour"')
    await desk.answer('Leave? [y/N] ', answer)
    expect(await left.code).toBe(code)
    expect(left.isDone).toBe(isDone)
  })

  test('--yes asks nothing; without it and without a terminal nothing is done', async () => {
    const desk = nobody()
    await creating(desk)
    await expect(leaving(desk).code).rejects.toMatchObject({ remedy: 'Say it: vibetea leave --yes' })
    const left = leaving(desk, { yes: true })
    expect(await left.code).toBe(0)
    expect(left.isDone).toBe(true)
  })

  test('beside a running node acts through it', async () => {
    const desk = nobody()
    const { acted } = await runNode(desk, { team: TEAM })
    expect(await leaving(desk, { yes: true }).code).toBe(0)
    expect(acted).toEqual([{ name: 'leave', args: {} }])
  })

  test('in no team says so', async () => {
    await expect(leaving(nobody(), { yes: true }).code).rejects.toMatchObject({ code: 'no_team' })
  })
})
