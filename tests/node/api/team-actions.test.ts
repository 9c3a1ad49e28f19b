import { describe, expect, test } from 'vitest'
import { formatTeamKey, type KeyKind } from '../../../core/team-key.ts'
import { testApi } from './support.ts'

const bytes = (first: number) => Uint8Array.from({ length: 32 }, (_, index) => (first + index) & 255)
const keyOf = (kind: KeyKind) => formatTeamKey({ kind, teamId: bytes(1), secret: bytes(100) })

const CONSENT = { name: 'Ada Okafor', share: 'none', backfillMs: 0 }
const KEY = keyOf('write')
const TOO_LONG = 'a'.repeat(41)
const YEAR_MS = 365 * 86_400_000

async function act(name: string, body: object) {
  const api = await testApi()
  const answer = await api.ask(`/api/actions/${name}`, { method: 'POST', body })
  return { answer, calls: api.calls }
}

describe('POST /api/actions of a team', () => {
  test.each([
    ['create', { ...CONSENT, teamName: 'harbour' }, {}],
    ['create', { ...CONSENT, teamName: null, name: '  Ada \n Okafor ' }, { name: 'Ada Okafor' }],
    ['create', { ...CONSENT, teamName: ' the  harbour ' }, { teamName: 'the harbour' }],
    ['join', { ...CONSENT, key: KEY }, {}],
    ['join', { ...CONSENT, key: keyOf('read'), share: 'all', backfillMs: YEAR_MS }, {}],
    [
      'join',
      { ...CONSENT, key: KEY, share: ['my app', 'api~ybndrfg8ejkm'] },
      { share: ['my-app', 'api~ybndrfg8ejkm'] },
    ],
    ['leave', {}, {}],
    ['invite', { role: 'member' }, {}],
    ['invite', { role: 'reader' }, {}],
    ['invite', { role: 'mirror' }, {}],
  ])('%s takes %j', async (name, body, changed) => {
    const { answer, calls } = await act(name, body)
    expect(answer.status).toBe(200)
    expect(calls).toEqual([{ name, args: { ...body, ...changed } }])
  })

  test.each([
    ['create', CONSENT, '"teamName" is missing'],
    ['create', { ...CONSENT, teamName: 'a\u202eb' }, '"teamName" is "a?b"; allowed: 1 to 40 printable'],
    ['create', { ...CONSENT, teamName: TOO_LONG }, '"teamName" is "'],
    [
      'join',
      { ...CONSENT, key: KEY, name: '   ' },
      '"name" is "   "; allowed: 1 to 40 printable characters.',
    ],
    ['join', { ...CONSENT, key: KEY, name: 'Ada\u0007' }, '"name" is "Ada?"'],
    ['join', { ...CONSENT, key: KEY, share: 'some' }, '"share" is "some"; allowed: "all", "none", or a list'],
    ['join', { ...CONSENT, key: KEY, share: [] }, '"share" is "[]"; allowed'],
    ['join', { ...CONSENT, key: KEY, share: ['/etc/passwd'] }, '"share" is'],
    ['join', { ...CONSENT, key: KEY, backfillMs: -1 }, '"backfillMs" is "-1"; allowed: milliseconds'],
    ['join', { ...CONSENT, key: KEY, backfillMs: YEAR_MS + 1 }, '"backfillMs" is'],
    ['join', { ...CONSENT, key: KEY, backfillMs: 1.5 }, '"backfillMs" is "1.5"; allowed: milliseconds'],
    ['join', { ...CONSENT, key: KEY, backfillMs: '30d' }, '"backfillMs" is "30d"; allowed: milliseconds'],
    ['join', { ...CONSENT, key: 7 }, '"key" is "7"; allowed: a team key'],
    ['join', { ...CONSENT, key: KEY, admin: true }, 'no parameter "admin"'],
    ['leave', { now: true }, 'no parameter "now"'],
    ['invite', { role: 'admin' }, '"role" is "admin"; allowed: member, reader, mirror.'],
    ['invite', {}, '"role" is missing'],
  ])('%s refuses %j and says what is allowed', async (name, body, message) => {
    const { answer, calls } = await act(name, body)
    expect(answer).toMatchObject({ status: 400, json: { error: 'invalid_request' } })
    expect(answer.json.message).toContain(message)
    expect(calls).toEqual([])
  })

  test.each([
    ['', 'no_team_key'],
    ['harbour', 'not_a_team_key'],
    ['vt2wabc', 'newer_team_key'],
    [KEY.slice(0, -1), 'incomplete_team_key'],
    [`${KEY}y`, 'long_team_key'],
    [KEY.replace(/.$/, (last) => (last === 'y' ? 'b' : 'y')), 'mistyped_team_key'],
    [keyOf('mirror'), 'mirror_key'],
    [keyOf('admin'), 'admin_key'],
  ])('join answers the wrong key %j with %s, and never repeats it', async (key, code) => {
    const { answer, calls } = await act('join', { ...CONSENT, key })
    expect(answer).toMatchObject({ status: 400, json: { error: code } })
    expect(answer.json.message).toMatch(/^[A-Z].*\.$/)
    if (key.length > 100) expect(answer.text).not.toContain(key.slice(10, 40))
    expect(calls).toEqual([])
  })
})
