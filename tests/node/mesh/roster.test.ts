import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CERTIFICATE_BYTES } from '../../../core/certificate.ts'
import { concat } from '../../../core/bytes.ts'
import { encodeRecord, recordHash } from '../../../core/epoch.ts'
import { MAX_DEVICES } from '../../../node/mesh/limits.ts'
import type { GossipKind, Verdict } from '../../../node/mesh/port.ts'
import { Roster } from '../../../node/mesh/roster.ts'
import { SEED } from '../../core/support.ts'
import {
  DAY,
  NOW,
  bytesOf,
  certificateBy,
  deviceOf,
  incarnationOf,
  noiseOf,
  statementBy,
  teamOf,
  verifyOnce,
} from './team.ts'

const team = teamOf('tea')
const other = teamOf('coffee')
const first = team.epochRecord()
const firstBytes = encodeRecord(first)

function rosterOf({ isMember = true, now = () => NOW } = {}): Roster {
  return new Roster({
    teamId: team.teamId,
    provisional: isMember ? team.provisional : null,
    verify: verifyOnce,
    now,
  })
}

const NEW: Verdict = { kind: 'new' }
const KNOWN: Verdict = { kind: 'known' }
const refused = (reason: string) => ({ kind: 'refused', reason })
const names = (roster: Roster) => roster.writers().map(({ device }) => Buffer.from(device).toString('hex'))
const nameOf = (device: string) => Buffer.from(deviceOf(device).publicKey).toString('hex')
/** The same bytes with one of them changed. */
const tampered = (bytes: Uint8Array, at: number) => bytes.map((byte, i) => (i === at ? byte ^ 1 : byte))

describe('A certificate', () => {
  test.each(['member', 'reader', 'mirror'] as const)('of a %s is admitted with its role', (role) => {
    const roster = rosterOf()
    expect(roster.addCertificate(team.certificate('ann', { role }))).toEqual(NEW)
    expect(roster.writers()).toMatchObject([
      { role, issuedAt: NOW, cut: null, floor: 0, hasLeft: false, noise: noiseOf('ann') },
    ])
    expect(roster.writerOf(noiseOf('ann'))?.device).toEqual(deviceOf('ann').publicKey)
    expect(roster.addCertificate(team.certificate('ann', { role }))).toEqual(KNOWN)
  })

  test('that holders of a lesser key issued for the same device, in whatever order they come, takes no role away', () => {
    const asMember = team.certificate('ann')
    for (const role of ['reader', 'mirror'] as const) {
      const lesser = team.certificate('ann', { role })
      for (const order of [
        [asMember, lesser],
        [lesser, asMember],
      ]) {
        const roster = rosterOf()
        for (const bytes of order) roster.addCertificate(bytes)
        expect(roster.writers()).toMatchObject([{ role: 'member' }])
      }
    }
  })

  test('of another team is refused', () => {
    expect(rosterOf().addCertificate(other.certificate('ann'))).toEqual(refused('other_team'))
  })

  test('whose issuer holds no secret of the team is refused', () => {
    const forged = certificateBy(deviceOf('mallory'), team.teamId, 'mallory')
    expect(rosterOf().addCertificate(forged)).toEqual(refused('forged_issuer'))
  })

  test('is found again for its log, as the one of the latest epoch', () => {
    const roster = rosterOf()
    const of = (name: string) => roster.certificateOf(deviceOf(name).publicKey, incarnationOf(name))
    expect(of('ann')).toBeNull()
    const asFirst = team.certificate('ann')
    roster.addCertificate(asFirst)
    expect(of('ann')).toEqual(asFirst)
    roster.addRecord(firstBytes)
    const closes = [{ device: deviceOf('ann').publicKey, incarnation: incarnationOf('ann'), cut: null }]
    roster.addRecord(encodeRecord(team.epochRecord({ epoch: 2, previous: recordHash(first), closes })))
    const asSecond = team.certificate('ann', { epoch: 2 })
    roster.addCertificate(asSecond)
    expect(of('ann')).toEqual(asSecond)
    expect(of('ben')).toBeNull()
  })

  test('that was changed, or is none, is refused', () => {
    const certificate = team.certificate('ann')
    for (const at of [41, 73, 105, 113]) {
      expect(rosterOf().addCertificate(tampered(certificate, at))).toEqual(refused('invalid_certificate'))
    }
    expect(rosterOf().addCertificate(tampered(certificate, CERTIFICATE_BYTES - 1))).toEqual(
      refused('invalid_certificate'),
    )
    expect(rosterOf().addCertificate(tampered(certificate, 0))).toEqual(refused('invalid_certificate'))
    expect(rosterOf().addCertificate(new Uint8Array())).toEqual(refused('invalid_certificate'))
  })

  test('says nothing to a reader that has met no record, and is taken once it has', () => {
    const roster = rosterOf({ isMember: false })
    expect(roster.epoch).toBeNull()
    expect(roster.addCertificate(team.certificate('ann'))).toEqual(refused('unknown_epoch'))
    roster.addRecord(firstBytes)
    expect(roster.epoch).toBe(1)
    expect(roster.addCertificate(team.certificate('ann'))).toEqual(NEW)
  })

  test('of two for one device and incarnation the same counts, whichever comes first', () => {
    const a = team.certificate('ann', { noise: bytesOf('noise a') })
    const b = team.certificate('ann', { noise: bytesOf('noise b'), issuedAt: NOW + 1 })
    const one = rosterOf()
    const two = rosterOf()
    for (const bytes of [a, b]) one.addCertificate(bytes)
    for (const bytes of [b, a]) two.addCertificate(bytes)
    expect(one.certificates()).toHaveLength(1)
    expect(one.certificates()).toEqual(two.certificates())
  })

  test('that is kept is a copy of what came', () => {
    const roster = rosterOf()
    const buffer = Buffer.from(team.certificate('ann'))
    roster.addCertificate(buffer)
    buffer.fill(0)
    expect(roster.certificates()).toEqual([team.certificate('ann')])
    expect(roster.writers()[0]!.device).toEqual(deviceOf('ann').publicKey)
  })
})

describe('An epoch', () => {
  test('that a member assumed stays when its record comes, with all certificates', () => {
    const roster = rosterOf()
    roster.addCertificate(team.certificate('ann'))
    expect(roster.epoch).toBe(1)
    expect(roster.addRecord(firstBytes)).toEqual(NEW)
    expect(roster.addRecord(firstBytes)).toEqual(KNOWN)
    expect(names(roster)).toEqual([nameOf('ann')])
    expect(roster.issuers).toEqual(team.issuers(1))
  })

  test('that a member assumed wrongly goes, with what was certified in it', () => {
    const roster = rosterOf()
    roster.addCertificate(team.certificate('ann'))
    roster.addRecord(encodeRecord(team.epochRecord({ issuers: other.issuers(1) })))
    expect(roster.writers()).toEqual([])
  })

  test('keeps of the one before what its record lists, up to the cut, and voids the rest', () => {
    const roster = rosterOf()
    for (const device of ['ann', 'ben', 'cem']) roster.addCertificate(team.certificate(device))
    roster.addRecord(firstBytes)
    const closes = [
      { device: deviceOf('ann').publicKey, incarnation: incarnationOf('ann'), cut: null },
      { device: deviceOf('ben').publicKey, incarnation: incarnationOf('ben'), cut: 7 },
    ]
    const second = team.epochRecord({ epoch: 2, previous: recordHash(first), closes })
    expect(roster.addRecord(encodeRecord(second))).toEqual(NEW)
    expect(roster.writers().map(({ cut }) => cut)).toEqual([null, 7])
    expect(names(roster)).toEqual([nameOf('ann'), nameOf('ben')])
    expect(roster.writerOf(noiseOf('ben'))).toBeNull()
    expect(roster.addCertificate(team.certificate('cem'))).toEqual(refused('closed_epoch'))
    expect(roster.addCertificate(team.certificate('dan'))).toEqual(refused('closed_epoch'))
    expect(roster.addCertificate(team.certificate('cem', { epoch: 2 }))).toEqual(NEW)
    expect(roster.addCertificate(team.certificate('dan', { epoch: 3 }))).toEqual(refused('unknown_epoch'))
  })

  test('is never rolled back', () => {
    const roster = rosterOf()
    const second = encodeRecord(team.epochRecord({ epoch: 2, previous: recordHash(first) }))
    roster.addRecord(second)
    roster.addRecord(firstBytes)
    expect(roster.epoch).toBe(2)
    expect(roster.records()).toEqual([firstBytes, second])
  })

  test('that two founders made at once is that of the lower hash, for everybody', () => {
    const a = encodeRecord(team.epochRecord({ history: bytesOf('a') }))
    const b = encodeRecord(team.epochRecord({ history: bytesOf('b') }))
    const one = rosterOf()
    const two = rosterOf()
    for (const bytes of [a, b]) one.addRecord(bytes)
    for (const bytes of [b, a]) two.addRecord(bytes)
    expect(one.record).toEqual(two.record)
    expect(one.records()).toEqual(two.records())
  })

  test('may be signed by an admin that was named, and by nobody else', () => {
    const roster = rosterOf()
    const byZoe = encodeRecord(team.epochRecord({ epoch: 2 }, deviceOf('zoe')))
    expect(roster.addRecord(byZoe)).toEqual(refused('forged_issuer'))
    const byAnn = team.adminRecord([deviceOf('zoe').publicKey], deviceOf('ann'))
    expect(roster.addRecord(byAnn)).toEqual(refused('forged_issuer'))
    expect(roster.addRecord(team.adminRecord([deviceOf('ann').publicKey]))).toEqual(NEW)
    expect(roster.addRecord(byAnn)).toEqual(NEW)
    expect(roster.addRecord(byZoe)).toEqual(NEW)
    const again = rosterOf()
    expect(roster.records().map((bytes) => again.addRecord(bytes).kind)).toEqual(['new', 'new', 'new'])
  })

  test('of another team, that was changed or that is none is refused', () => {
    const roster = rosterOf()
    expect(roster.addRecord(encodeRecord(other.epochRecord()))).toEqual(refused('other_team'))
    expect(roster.addRecord(tampered(firstBytes, firstBytes.length - 1))).toEqual(refused('invalid_record'))
    expect(roster.addRecord(tampered(firstBytes, 80))).toEqual(refused('invalid_record'))
    expect(roster.addRecord(new Uint8Array(9))).toEqual(refused('invalid_record'))
    expect(roster.addRecord(encodeRecord(team.epochRecord({ epoch: 0 })))).toEqual(refused('invalid_record'))
    expect(roster.records()).toEqual([])
  })
})

describe('A statement', () => {
  test('of a floor only raises it', () => {
    const roster = rosterOf()
    roster.addCertificate(team.certificate('ann'))
    expect(roster.addStatement(team.statement('ann', 'floor', 10))).toEqual(NEW)
    expect(roster.addStatement(team.statement('ann', 'floor', 5))).toEqual(KNOWN)
    expect(roster.addStatement(team.statement('ann', 'floor', 20))).toEqual(NEW)
    expect(roster.writers()[0]!.floor).toBe(20)
    expect(roster.statements()).toEqual([team.statement('ann', 'floor', 20)])
  })

  test('of leaving takes the device out, and leaves its log readable', () => {
    const roster = rosterOf()
    roster.addCertificate(team.certificate('ann'))
    expect(roster.addStatement(team.statement('ann', 'left', 10))).toEqual(NEW)
    expect(roster.writers()).toMatchObject([{ hasLeft: true }])
    expect(roster.writerOf(noiseOf('ann'))).toBeNull()
  })

  test('of somebody else, of nobody known, of another team or of no sense is refused', () => {
    const roster = rosterOf()
    const about = {
      teamId: team.teamId,
      device: deviceOf('ann').publicKey,
      incarnation: incarnationOf('ann'),
    }
    expect(roster.addStatement(team.statement('ann', 'floor', 1))).toEqual(refused('no_certificate'))
    roster.addCertificate(team.certificate('ann'))
    const byBen = statementBy(deviceOf('ben'), { ...about, kind: 'left', value: 1 })
    expect(roster.addStatement(byBen)).toEqual(refused('invalid_statement'))
    expect(roster.addStatement(other.statement('ann', 'floor', 1))).toEqual(refused('other_team'))
    expect(roster.addStatement(new Uint8Array(20))).toEqual(refused('invalid_statement'))
    expect(roster.statements()).toEqual([])
  })

  test('of a floor is not heard without end', () => {
    let now = NOW
    const roster = rosterOf({ now: () => now })
    roster.addCertificate(team.certificate('ann'))
    const verdicts = Array.from({ length: 100 }, (_, i) =>
      roster.addStatement(team.statement('ann', 'floor', i + 1)),
    )
    expect(verdicts.filter(({ kind }) => kind === 'new')).toHaveLength(32)
    expect(verdicts.at(-1)).toEqual(refused('too_many_statements'))
    now += DAY
    expect(roster.addStatement(team.statement('ann', 'floor', 1000))).toEqual(NEW)
  })
})

describe('Limits', () => {
  const again = (i: number) => incarnationOf(`again ${i}`)

  test('a device begins 8 incarnations in 30 days and no more, by whatever its clock says', () => {
    const roster = rosterOf()
    const add = (i: number, issuedAt: number) =>
      roster.addCertificate(team.certificate('ann', { incarnation: again(i), issuedAt })).kind
    const ahead = Array.from({ length: 9 }, (_, i) => add(i, NOW + (i + 1) * 100 * DAY))
    expect(ahead).toEqual([...Array<string>(8).fill('new'), 'refused'])
    expect(add(20, NOW - 31 * DAY)).toBe('new')
    expect(roster.writers()).toHaveLength(9)
  })

  test('of the incarnations of years the latest stay', () => {
    const roster = rosterOf()
    for (let i = 0; i < 70; i++) {
      roster.addCertificate(
        team.certificate('ann', { incarnation: again(i), issuedAt: NOW - (100 - i) * 5 * DAY }),
      )
    }
    expect(roster.writers()).toHaveLength(64)
    const oldest = Math.min(...roster.writers().map(({ issuedAt }) => issuedAt))
    expect(oldest).toBe(NOW - 94 * 5 * DAY)
  })

  test('256 devices; a mirror key crowds out no member, and who is in stays in', () => {
    const roster = rosterOf()
    roster.addCertificate(team.certificate('ann'))
    for (let i = 0; i < 300; i++) roster.addCertificate(team.certificate(`mirror ${i}`, { role: 'mirror' }))
    expect(roster.writers()).toHaveLength(MAX_DEVICES)
    expect(roster.addCertificate(team.certificate('mirror 400', { role: 'mirror' }))).toEqual(
      refused('too_many_devices'),
    )
    expect(roster.addCertificate(team.certificate('ben'))).toEqual(NEW)
    expect(roster.addCertificate(team.certificate('cem', { role: 'reader' }))).toEqual(NEW)
    expect(roster.writers()).toHaveLength(MAX_DEVICES)
    expect(names(roster)).toEqual(expect.arrayContaining(['ann', 'ben', 'cem', 'mirror 0'].map(nameOf)))
  })
})

/** Everything that is told in a team with some history, in the order in which it happened. */
const HISTORY: [GossipKind, Uint8Array][] = (() => {
  const devices = ['ann', 'ben', 'cem', 'dan', 'eve']
  const closes = devices.slice(0, 4).map((device, i) => ({
    device: deviceOf(device).publicKey,
    incarnation: incarnationOf(device),
    cut: [null, 12, null, 0][i]!,
  }))
  const second = team.epochRecord({ epoch: 2, previous: recordHash(first), closes })
  const zoe = deviceOf('zoe')
  const third = team.epochRecord(
    { epoch: 3, previous: recordHash(second), closes: [{ ...closes[0]!, cut: 40 }, closes[2]!] },
    zoe,
  )
  return [
    ['record', firstBytes],
    ['record', team.adminRecord([zoe.publicKey])],
    ...devices.map((device): [GossipKind, Uint8Array] => ['certificate', team.certificate(device)]),
    ['certificate', team.certificate('rob', { role: 'reader' })],
    ['certificate', team.certificate('cem', { noise: bytesOf('another noise') })],
    ['certificate', team.certificate('ann', { incarnation: incarnationOf('ann again') })],
    ['statement', team.statement('ann', 'floor', 3)],
    ['statement', team.statement('ann', 'floor', 9)],
    ['statement', team.statement('cem', 'left', 9)],
    ['statement', team.statement('cem', 'left', 11)],
    ['record', encodeRecord(second)],
    [
      'record',
      encodeRecord(team.epochRecord({ epoch: 2, previous: recordHash(first), history: bytesOf('x') })),
    ],
    ['certificate', team.certificate('ben', { epoch: 2 })],
    ['certificate', team.certificate('mia', { epoch: 2, role: 'mirror' })],
    ['record', encodeRecord(third)],
    ['certificate', team.certificate('cem', { epoch: 3 })],
    ['certificate', team.certificate('fay', { epoch: 3 })],
    ['statement', team.statement('fay', 'floor', 2)],
  ]
})()

function add(roster: Roster, [kind, bytes]: [GossipKind, Uint8Array]): Verdict {
  if (kind === 'record') return roster.addRecord(bytes)
  return kind === 'certificate' ? roster.addCertificate(bytes) : roster.addStatement(bytes)
}

/** What a roster knows, without the order in which it came. */
function contentOf(roster: Roster): string[] {
  const all = [...roster.records(), ...roster.certificates(), ...roster.statements()]
  return all.map((bytes) => Buffer.from(bytes).toString('hex')).sort()
}

/** Peers send again when a record has come: so here all is offered until nothing is new. */
function tellAll(roster: Roster, things: [GossipKind, Uint8Array][]): void {
  while (things.map((thing) => add(roster, thing).kind).includes('new'));
}

describe(`A roster (seed ${SEED})`, () => {
  test('is the same in whatever order its team is heard of', () => {
    fc.assert(
      fc.property(
        fc.shuffledSubarray(HISTORY, { minLength: HISTORY.length }),
        fc.shuffledSubarray(HISTORY, { minLength: HISTORY.length }),
        fc.boolean(),
        (some, others, isMember) => {
          const one = rosterOf()
          const two = rosterOf({ isMember })
          tellAll(one, some)
          tellAll(two, others)
          expect(contentOf(one)).toEqual(contentOf(two))
          expect(one.epoch).toBe(3)
        },
      ),
    )
  })

  test('that hears of a team from another that knows it all knows it all at once', () => {
    fc.assert(
      fc.property(
        fc.shuffledSubarray(HISTORY, { minLength: HISTORY.length }),
        fc.shuffledSubarray(HISTORY),
        (some, before) => {
          const one = rosterOf()
          tellAll(one, some)
          const two = rosterOf({ isMember: false })
          tellAll(two, before)
          for (const bytes of one.records()) two.addRecord(bytes)
          for (const bytes of one.certificates()) two.addCertificate(bytes)
          for (const bytes of one.statements()) two.addStatement(bytes)
          expect(contentOf(two)).toEqual(contentOf(one))
        },
      ),
    )
  })

  test('takes arbitrary bytes for nothing', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), fc.nat(2), (bytes, version) => {
        const roster = rosterOf()
        const framed = concat(Uint8Array.of(version), team.teamId, bytes)
        for (const each of [bytes, framed]) {
          for (const kind of ['record', 'certificate', 'statement'] as const) {
            expect(add(roster, [kind, each]).kind).toBe('refused')
          }
        }
      }),
    )
  })
})
