import fc from 'fast-check'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ROLES } from '../../../core/team-key.ts'
import { writeAdminBackup } from '../../../node/home/admin-backup.ts'
import type { TeamFile } from '../../../node/home/team-file.ts'
import { readTeam, removeTeam, teamDirectory, writeTeam } from '../../../node/home/team-file.ts'
import { joinKey } from '../../../node/home/team-key-input.ts'
import { temporaryDirectory } from '../../support/directory.ts'

const TEAM: TeamFile = {
  teamId: new Uint8Array(32).fill(1),
  role: 'member',
  secret: new Uint8Array(32).fill(2),
  name: 'Ada Lovelace',
  teamName: 'Tea & "Biscuits"',
  incarnation: new Uint8Array(8).fill(3),
  joinedAt: Date.parse('2026-11-20T09:00:00.123Z'),
  sharedFrom: Date.parse('2026-10-21T09:00:00.123Z'),
  backfill: 'pending',
}

describe('the team that a home is in', () => {
  test('is none at first, is kept for its owner alone, and is none again', async () => {
    const home = temporaryDirectory()
    expect(await readTeam(home)).toBeNull()
    await writeTeam(home, TEAM)
    expect(await readTeam(home)).toEqual(TEAM)
    if (process.platform !== 'win32') expect(statSync(join(home, 'team.json')).mode & 0o777).toBe(0o600)
    await removeTeam(home)
    expect(await readTeam(home)).toBeNull()
    await removeTeam(home)
  })

  test('comes back as it was written', async () => {
    const home = temporaryDirectory()
    const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
    const name = fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' })
    const times = fc.tuple(fc.nat(2 ** 40), fc.nat(2 ** 35))
    const teams = fc.record({
      teamId: bytes(32),
      role: fc.constantFrom(...ROLES),
      secret: bytes(32),
      name,
      teamName: fc.option(name),
      incarnation: bytes(8),
      times,
      backfill: fc.constantFrom('pending' as const, 'done' as const, null),
    })
    await fc.assert(
      fc.asyncProperty(teams, async ({ times: [sharedFrom, more], ...rest }) => {
        const team = { ...rest, sharedFrom, joinedAt: sharedFrom + more }
        await writeTeam(home, team)
        expect(await readTeam(home)).toEqual(team)
      }),
      { numRuns: 30 },
    )
  })

  test.each([
    ['is no JSON', () => '{"version":1,"secret":"ybndr', 'it is not valid JSON'],
    ['is of a later version', (text: string) => text.replace('"version": 1', '"version": 2'), 'version: '],
    [
      'has a cut key',
      (text: string) => text.replace(/("teamId": ".{20}).*"/, '$1"'),
      'teamId: is not 32 bytes',
    ],
    ['lacks a field', (text: string) => text.replace(/ {2}"role".*\n/, ''), 'role: '],
    [
      'shares from after the join',
      (text: string) => text.replace('2026-10-21', '2026-12-21'),
      'sharedFrom is after joinedAt',
    ],
  ])('is refused where the file %s, with what to do and without the key', async (_, change, why) => {
    const home = temporaryDirectory()
    await writeTeam(home, TEAM)
    const path = join(home, 'team.json')
    const text = readFileSync(path, 'utf8')
    writeFileSync(path, change(text))
    const error: unknown = await readTeam(home).catch((error: unknown) => error)
    expect(error).toMatchObject({ code: 'invalid_team' })
    const { sentence } = error as { sentence: string }
    expect(sentence).toContain(path)
    expect(sentence).toContain(why)
    expect(sentence).toContain('join again with the team key')
    expect(sentence).not.toContain('ybndr')
  })

  test('has a directory of its own for its logs', () => {
    expect(teamDirectory('/h', TEAM.teamId)).toMatch(/^.h.teams.[a-z0-9]{16}$/)
  })
})

describe('the admin backup', () => {
  const admin = { teamId: TEAM.teamId, secret: TEAM.secret, teamName: 'Tea' }

  test('says what it is and holds the key on its own line, for its owner alone', async () => {
    const home = temporaryDirectory()
    const path = await writeAdminBackup(home, admin)
    const lines = readFileSync(path, 'utf8').split('\n')
    expect(path).toMatch(/admin-[a-z0-9]{8}\.key$/)
    expect(lines[0]).toMatch(/^This is the admin key of the VibeTea team "Tea"\./)
    expect(lines[1]).toMatch(/^vt1a[a-z0-9]{111}$/)
    if (process.platform !== 'win32') expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(() => joinKey(lines.join('\n'), 'here')).toThrow('admin backup')
  })

  test('never takes the place of another file, and may be written again', async () => {
    const home = temporaryDirectory()
    const path = await writeAdminBackup(home, admin)
    expect(await writeAdminBackup(home, { ...admin, teamName: null })).toBe(path)
    expect(readFileSync(path, 'utf8')).toContain('"Tea"')
    writeFileSync(path, 'my shopping list')
    await expect(writeAdminBackup(home, admin)).rejects.toMatchObject({ code: 'backup_exists' })
    expect(readFileSync(path, 'utf8')).toBe('my shopping list')
  })
})
