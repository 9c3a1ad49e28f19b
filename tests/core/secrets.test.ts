import fc from 'fast-check'
import Hypercore from 'hypercore'
import { describe, expect, test } from 'vitest'
import { derive } from '../../core/hash.ts'
import { publicKeyOf } from '../../core/identity.ts'
import {
  blockKeyOf,
  epochIdOf,
  gateKeyOf,
  issuerSecretOf,
  issuersOf,
  keyText,
  namespaceOf,
  proofKeyOf,
  proofOf,
  secretFor,
  secretsOf,
  teamFileKeyOf,
  teamProjectKeyOf,
  topicOf,
} from '../../core/secrets.ts'
import { ROLES, type Role } from '../../core/team-key.ts'
import { hex, SEED, toHex, vectors } from './support.ts'

interface KeyPair {
  secret: string
  publicKey: string
}
interface Proofs {
  key: string
  initiator: string
  responder: string
}
const given = vectors('secrets') as {
  adminSecret: string
  teamId: string
  write: string
  read: string
  mirror: string
  topic: string
  epochId: string
  fileKey: string
  projectKey: string
  noise: KeyPair & { deviceSecret: string }
  issuers: ({ epoch: number; write: string } & Record<Role, KeyPair>)[]
  proofs: { handshakeHash: string; gate: Proofs; read: Proofs; write: Proofs }
  logs: { device: string; incarnation: string; log: 'events' | 'state'; namespace: string; core: string }[]
  blockKeys: { core: string; key: string }[]
}
const [teamId, write, read, mirror] = [given.teamId, given.write, given.read, given.mirror].map(hex) as [
  Uint8Array,
  Uint8Array,
  Uint8Array,
  Uint8Array,
]
const ofMember = secretsOf(teamId, 'member', write)
const thirtyTwo = fc.uint8Array({ minLength: 32, maxLength: 32 })

test('a team is named by the public key of its admin key', () =>
  expect(toHex(publicKeyOf(hex(given.adminSecret)))).toBe(given.teamId))

describe('of the secrets of an epoch', () => {
  test('a member has all', () => expect(ofMember).toEqual({ teamId, write, read, mirror }))
  test('a reader has those for reading', () =>
    expect(secretsOf(teamId, 'reader', read)).toEqual({ teamId, write: null, read, mirror }))
  test('a mirror has that of the gate', () =>
    expect(secretsOf(teamId, 'mirror', mirror)).toEqual({ teamId, write: null, read: null, mirror }))

  test(`a role's secret gives its own and those below, none above [seed ${SEED}]`, () => {
    fc.assert(
      fc.property(thirtyTwo, thirtyTwo, (team, secret) => {
        const all = secretsOf(team, 'member', secret)
        for (const [i, role] of ROLES.entries()) {
          const held = secretsOf(team, role, secretFor(role, all)!)
          const seen = ROLES.map((other) => secretFor(other, held))
          expect(seen).toEqual(ROLES.map((other, j) => (j < i ? null : secretFor(other, all))))
        }
      }),
      { numRuns: 20 },
    )
  })

  test('others follow in another team', () => {
    const other = secretsOf(new Uint8Array(32), 'member', write)
    expect(other.read).not.toEqual(read)
    expect(other.mirror).not.toEqual(mirror)
  })
})

test('the topic, the id of an epoch and the keys of tags follow', () => {
  expect(toHex(topicOf(ofMember))).toBe(given.topic)
  expect(toHex(epochIdOf(read))).toBe(given.epochId)
  expect(toHex(teamFileKeyOf(write, teamId))).toBe(given.fileKey)
  expect(toHex(teamProjectKeyOf(read))).toBe(given.projectKey)
})

test('a device is met under another key than its own, in every team another', () => {
  const { deviceSecret, secret, publicKey } = given.noise
  expect(toHex(derive(hex(deviceSecret), 'noise', [teamId]))).toBe(secret)
  expect(toHex(publicKeyOf(hex(secret)))).toBe(publicKey)
})

describe.each(given.issuers)('the issuers of epoch $epoch under W $write', (vector) => {
  test.each(ROLES)('has that of a %s', (role) => {
    const secret = secretFor(role, secretsOf(teamId, 'member', hex(vector.write)))!
    expect(toHex(issuerSecretOf(secret, teamId, vector.epoch))).toBe(vector[role].secret)
    expect(toHex(issuersOf(hex(vector.write), teamId, vector.epoch)[role])).toBe(vector[role].publicKey)
  })
})

describe('a proof', () => {
  const { handshakeHash, ...all } = given.proofs
  const hash = hex(handshakeHash)

  test('is made under the key of the gate, of R or of W', () => {
    expect(toHex(gateKeyOf(ofMember))).toBe(all.gate.key)
    expect(toHex(proofKeyOf(read))).toBe(all.read.key)
    expect(toHex(proofKeyOf(write))).toBe(all.write.key)
  })
  test.each(['gate', 'read', 'write'] as const)('of %s is another from each side', (name) => {
    for (const side of ['initiator', 'responder'] as const)
      expect(toHex(proofOf(hex(all[name].key), side, hash))).toBe(all[name][side])
    expect(all[name].initiator).not.toBe(all[name].responder)
  })
  test('means nothing on another connection', () => {
    const other = Uint8Array.from(hash, (byte, i) => (i === 63 ? byte ^ 1 : byte))
    expect(toHex(proofOf(hex(all.gate.key), 'initiator', other))).not.toBe(all.gate.initiator)
  })
})

describe('a log of a team', () => {
  test.each(given.logs)('of $log, device $device, incarnation $incarnation is computed', (vector) => {
    const namespace = namespaceOf(teamId, vector.log, hex(vector.incarnation))
    expect(toHex(namespace)).toBe(vector.namespace)
    const key = Hypercore.key({ version: 1, signers: [{ publicKey: hex(vector.device), namespace }] })
    expect(toHex(key)).toBe(vector.core)
  })
  test('is another for every device, incarnation, kind and team', () =>
    expect(new Set(given.logs.map(({ core }) => core)).size).toBe(given.logs.length))
  test.each(given.blockKeys)('$core has its own key of blocks', ({ core, key }) =>
    expect(toHex(blockKeyOf(read, hex(core)))).toBe(key),
  )
})

test('everything that is derived from one secret is other than everything else', () => {
  const core = hex(given.logs[0]!.core)
  const all = [
    write,
    read,
    mirror,
    topicOf(ofMember),
    gateKeyOf(ofMember),
    derive(read, 'epoch'),
    blockKeyOf(read, core),
    teamFileKeyOf(write, teamId),
    teamProjectKeyOf(read),
    proofKeyOf(read),
    proofKeyOf(write),
    ...[write, read, mirror].map((secret) => issuerSecretOf(secret, teamId, 1)),
  ]
  expect(new Set(all.map(toHex)).size).toBe(all.length)
})

test('a team, a device and a log are written as 52 characters', () => {
  expect(keyText(new Uint8Array(32))).toBe('y'.repeat(52))
  expect(keyText(teamId)).toMatch(/^[a-z0-9]{52}$/)
})
