import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { KeyKind } from '../../../core/team-key.ts'
import { formatTeamKey } from '../../../core/team-key.ts'
import type { KeyPlaces } from '../../../node/home/team-key-input.ts'
import { readTeamKey } from '../../../node/home/team-key-input.ts'
import { temporaryDirectory } from '../../support/directory.ts'

const teamId = new Uint8Array(32).fill(7)
const secret = new Uint8Array(32).fill(8)
const keyOf = (kind: KeyKind) => formatTeamKey({ kind, teamId, secret })
const KEY = keyOf('write')

const read = (places: Partial<KeyPlaces>) =>
  readTeamKey({
    argument: undefined,
    env: {},
    stdin: () => Promise.reject(new Error('nobody asked for stdin')),
    ...places,
  })

function file(text: string): string {
  const path = join(temporaryDirectory(), 'team.key')
  writeFileSync(path, text)
  return path
}

/** The places in which a text can be given, and what each is called. */
const PLACES: [string, (text: string) => Partial<KeyPlaces>, RegExp][] = [
  ['the argument', (text) => ({ argument: text }), /on the command line/],
  ['stdin', (text) => ({ argument: '-', stdin: () => Promise.resolve(text) }), /on stdin/],
  ['VIBETEA_TEAM_KEY', (text) => ({ env: { VIBETEA_TEAM_KEY: text } }), /in VIBETEA_TEAM_KEY\b/],
  [
    'a file',
    (text) => ({ env: { VIBETEA_TEAM_KEY_FILE: file(text) } }),
    /team\.key, which VIBETEA_TEAM_KEY_FILE/,
  ],
]

describe.each(PLACES)('A team key in %s', (_, given, place) => {
  test.each(['write', 'read', 'mirror'] as const)('is read: %s', async (kind) => {
    expect(await read(given(keyOf(kind)))).toEqual({ kind, teamId, secret })
  })

  test('may have a line before it, spaces in it and a line break after it', async () => {
    const text = `Our team key, treat it as a password:\n\n  ${KEY.slice(0, 60)}\n${KEY.slice(60).toUpperCase()}\r\n`
    expect(await read(given(text))).toEqual({ kind: 'write', teamId, secret })
  })

  test.each([
    ['of another kind', 'ssh-ed25519 AAAA', 'not_a_team_key'],
    ['of a later version', KEY.replace('vt1w', 'vt2w'), 'newer_team_key'],
    ['that is cut', KEY.slice(0, 100), 'incomplete_team_key'],
    ['that was pasted twice', KEY + KEY, 'long_team_key'],
    [
      'with a letter changed',
      KEY.slice(0, -5) + (KEY.at(-5) === 'y' ? 'b' : 'y') + KEY.slice(-4),
      'mistyped_team_key',
    ],
    ['that is the admin backup', keyOf('admin'), 'admin_key'],
  ])('and one %s is refused with the name of the place and without the key', async (_, text, code) => {
    const error = (await read(given(text)).catch((error: unknown) => error)) as {
      code: string
      sentence: string
    }
    expect(error.code).toBe(code)
    expect(error.sentence).toMatch(place)
    expect(error.sentence).not.toContain(text.slice(4, 40))
  })
})

test.each([
  ['an empty argument', { argument: '' }, 'There is no team key on the command line.'],
  ['an empty stdin', { argument: '-', stdin: () => Promise.resolve('\n') }, 'There is no team key on stdin.'],
  ['an empty file', { env: { VIBETEA_TEAM_KEY_FILE: '' } }, null],
])('%s holds no key', async (_, places, sentence) => {
  if (sentence === null) expect(await read(places)).toBeNull()
  else await expect(read(places)).rejects.toMatchObject({ code: 'no_team_key', message: sentence })
})

test('an empty file holds no key', async () => {
  const path = file('  \n')
  await expect(read({ env: { VIBETEA_TEAM_KEY_FILE: path } })).rejects.toMatchObject({
    code: 'no_team_key',
    message: `There is no team key in ${path}, which VIBETEA_TEAM_KEY_FILE names.`,
  })
})

test('a file that is not there or no file is named', async () => {
  const directory = temporaryDirectory()
  const missing = join(directory, 'missing')
  await expect(read({ env: { VIBETEA_TEAM_KEY_FILE: missing } })).rejects.toMatchObject({
    code: 'no_team_key_file',
    message: `VIBETEA_TEAM_KEY_FILE names ${missing}, which is not there.`,
  })
  mkdirSync(join(directory, 'folder'))
  await expect(read({ env: { VIBETEA_TEAM_KEY_FILE: join(directory, 'folder') } })).rejects.toMatchObject({
    code: 'unreadable_team_key_file',
    message: `${join(directory, 'folder')}, which VIBETEA_TEAM_KEY_FILE names, cannot be read: a directory is in its place.`,
  })
})

test('the command line goes before VIBETEA_TEAM_KEY, and that before the file; without any there is none', async () => {
  const other = keyOf('read')
  expect(await read({})).toBeNull()
  expect(await read({ env: { VIBETEA_TEAM_KEY: ' ' } })).toBeNull()
  const env = { VIBETEA_TEAM_KEY: KEY, VIBETEA_TEAM_KEY_FILE: file(keyOf('mirror')) }
  expect(await read({ env })).toMatchObject({ kind: 'write' })
  expect(await read({ argument: other, env })).toMatchObject({ kind: 'read' })
})
