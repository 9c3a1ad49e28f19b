import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { VibeTeaError } from '../../core/errors.ts'
import {
  formatTeamKey,
  kindOf,
  parseTeamKey,
  roleOf,
  ROLES,
  TEAM_KEY_LENGTH,
  type KeyKind,
} from '../../core/team-key.ts'
import { hex, SEED, toHex, vectors } from './support.ts'

const given = vectors('team-keys') as {
  keys: { kind: KeyKind; teamId: string; secret: string; text: string }[]
  forgiven: { why: string; text: string }[]
  mistakes: { why: string; text: string; code: string }[]
}
const [first] = given.keys
const CODES = [
  'no_team_key',
  'not_a_team_key',
  'newer_team_key',
  'incomplete_team_key',
  'long_team_key',
  'mistyped_team_key',
]
const Z32 = Array.from('ybndrfg8ejkmcpqxot1uwisza345h769')

function refusal(text: string): VibeTeaError {
  try {
    parseTeamKey(text)
  } catch (error) {
    if (error instanceof VibeTeaError) return error
    throw error
  }
  throw new Error(`this was read as a team key: ${text}`)
}

const kinds = fc.constantFrom<KeyKind>('write', 'read', 'mirror', 'admin')
const thirtyTwo = fc.uint8Array({ minLength: 32, maxLength: 32 })
const teamKeys = fc.record({ kind: kinds, teamId: thirtyTwo, secret: thirtyTwo })

describe.each(given.keys)('the $kind key of $teamId', ({ kind, teamId, secret, text }) => {
  const key = { kind, teamId: hex(teamId), secret: hex(secret) }
  test('is written in one way', () => expect(formatTeamKey(key)).toBe(text))
  test('is read', () => expect(parseTeamKey(text)).toEqual(key))
})

test(`every key comes back as it was, and is one word of 115 letters and digits [seed ${SEED}]`, () => {
  fc.assert(
    fc.property(teamKeys, (key) => {
      const text = formatTeamKey(key)
      expect(text).toMatch(/^vt1[wrma][a-z0-9]{111}$/)
      expect(text.length).toBe(TEAM_KEY_LENGTH)
      expect(parseTeamKey(text)).toEqual(key)
    }),
  )
})

test('a key gives the role of its kind', () => {
  expect(ROLES.map(kindOf)).toEqual(['write', 'read', 'mirror'])
  for (const role of ROLES) expect(roleOf(kindOf(role) as Exclude<KeyKind, 'admin'>)).toBe(role)
})

test('no key is made of parts of another length', () => {
  const key = { kind: 'write', teamId: new Uint8Array(32), secret: new Uint8Array(32) } as const
  expect(() => formatTeamKey({ ...key, teamId: new Uint8Array(31) })).toThrow(RangeError)
  expect(() => formatTeamKey({ ...key, secret: new Uint8Array(33) })).toThrow(RangeError)
})

describe('forgiven are', () => {
  test.each(given.forgiven)('$why', ({ text }) =>
    expect(parseTeamKey(text)).toEqual(parseTeamKey(first!.text)),
  )

  test(`spaces, line breaks, capitals and hyphens anywhere [seed ${SEED}]`, () => {
    const filler = fc.string({ unit: fc.constantFrom(' ', '\t', '\r\n', '\n', '-', '\u00a0'), maxLength: 3 })
    const written = fc.array(fc.tuple(filler, fc.boolean()), {
      minLength: TEAM_KEY_LENGTH,
      maxLength: TEAM_KEY_LENGTH,
    })
    fc.assert(
      fc.property(teamKeys, written, (key, how) => {
        const text = Array.from(formatTeamKey(key), (character, i) => {
          const [before, isCapital] = how[i]!
          return before + (isCapital ? character.toUpperCase() : character)
        })
        expect(parseTeamKey(text.join('') + '\n')).toEqual(key)
      }),
    )
  })
})

describe('a mistake has its own sentence', () => {
  test.each(given.mistakes)('$why: $code', ({ text, code }) => expect(refusal(text).code).toBe(code))

  test('for each kind of mistake another, with what to do', () => {
    expect([...new Set(given.mistakes.map(({ code }) => code))]).toEqual(CODES)
    const errors = CODES.map((code) => refusal(given.mistakes.find((mistake) => mistake.code === code)!.text))
    expect(new Set(errors.map(({ message }) => message)).size).toBe(CODES.length)
    for (const { message, remedy } of errors)
      for (const text of [message, remedy]) expect(text).toMatch(/[.>]$/)
  })

  test('that says how much is missing or too much', () => {
    expect(refusal(first!.text.slice(0, 57)).message).toContain('57 of 115 characters')
    expect(refusal(first!.text + 'yy').message).toContain('117 characters instead of 115')
    expect(refusal('vt2w' + first!.text.slice(4)).message).toContain('vt2w')
  })

  test(`and none repeats what was given [seed ${SEED}]`, () => {
    const spoilt = fc.oneof(
      fc.constantFrom(...given.mistakes.map(({ text }) => text)),
      fc.tuple(teamKeys, fc.nat({ max: 114 })).map(([key, at]) => formatTeamKey(key).slice(0, at)),
      fc.tuple(teamKeys, fc.nat()).map(([key, n]) => formatTeamKey(key) + String(n)),
      teamKeys.map((key) => `my key: ${formatTeamKey(key)}`),
    )
    fc.assert(
      fc.property(spoilt, (text) => {
        const { sentence } = refusal(text)
        // The beginning, version and kind, is public.
        for (let at = 4; at + 6 <= text.length; at++) {
          const piece = text.slice(at, at + 6)
          if (piece.trim().length === 6 && !'vibetea join'.includes(piece))
            expect(sentence).not.toContain(piece)
        }
      }),
    )
  })
})

describe('a key is refused', () => {
  test('with any one character of it another', () => {
    for (const { text } of given.keys) {
      for (let at = 0; at < text.length; at++) {
        for (const other of [...Z32, 'l', 'v', '0', '2', 'é', '茶']) {
          if (other !== text[at]) refusal(text.slice(0, at) + other + text.slice(at + 1))
        }
      }
    }
  })

  test(`with any one character another, missing, doubled or swapped with the next [seed ${SEED}]`, () => {
    const places = fc.nat({ max: TEAM_KEY_LENGTH - 2 })
    fc.assert(
      fc.property(teamKeys, places, fc.constantFrom(...Z32), (key, at, other) => {
        const text = formatTeamKey(key)
        const [before, here, next, after] = [text.slice(0, at), text[at]!, text[at + 1]!, text.slice(at + 2)]
        if (here !== other) refusal(before + other + next + after)
        if (here !== next) refusal(before + next + here + after)
        refusal(before + next + after)
        refusal(before + here + here + next + after)
      }),
      { numRuns: 300 },
    )
  })

  test(`for any text that is none [seed ${SEED}]`, () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => CODES.includes(refusal(text).code)))
    const like = fc.string({ unit: fc.constantFrom(...Z32), minLength: 111, maxLength: 111 })
    fc.assert(fc.property(like, (text) => refusal(`vt1w${text}`).code === 'mistyped_team_key'))
  })
})

test('a key keeps nothing of the text that it was read from', () => {
  const { teamId, secret } = parseTeamKey(first!.text)
  expect([teamId.buffer.byteLength, secret.buffer.byteLength]).toEqual([32, 32])
  expect(toHex(secret)).toBe(first!.secret)
})
