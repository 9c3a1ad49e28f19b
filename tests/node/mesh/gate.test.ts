import { describe, expect, test } from 'vitest'
import { gateKeyOf, type Side } from '../../../core/secrets.ts'
import { HANDSHAKE_BYTES, gateHandshake, whyRefused } from '../../../node/mesh/gate.ts'
import { bytesOf, teamOf } from './team.ts'

const key = gateKeyOf(teamOf('tea').secrets())
const olderKey = bytesOf('a gate key of an epoch before')
const hash = bytesOf('a connection')
const random = (length: number) => new Uint8Array(length).fill(0xa5)
const ends = (side: Side, handshakeHash = hash) => ({ side, handshakeHash })

describe('The gate', () => {
  test.each([['initiator', 'responder'] as const, ['responder', 'initiator'] as const])(
    'lets the %s of a connection in to its %s, where both hold the key',
    (mine, others) => {
      const handshake = gateHandshake([key], ends(mine), random)
      expect(handshake.length).toBe(HANDSHAKE_BYTES)
      expect(whyRefused(handshake, [key], ends(others))).toBeNull()
    },
  )

  test('knows members, readers and mirrors of a team by the same key', () => {
    for (const role of ['member', 'reader', 'mirror'] as const) {
      expect(gateKeyOf(teamOf('tea').secrets(role))).toEqual(key)
    }
  })

  test('finds the key that both hold among those of several epochs', () => {
    const keys = Array.from({ length: 7 }, (_, i) => bytesOf(`epoch ${i}`))
    const handshake = gateHandshake([...keys, olderKey], ends('initiator'), random)
    expect(whyRefused(handshake, [olderKey], ends('responder'))).toBeNull()
    expect(
      whyRefused(
        gateHandshake([olderKey], ends('initiator'), random),
        [...keys, olderKey],
        ends('responder'),
      ),
    ).toBeNull()
  })

  test('refuses who does not hold the key', () => {
    const handshake = gateHandshake([bytesOf('a guess')], ends('initiator'), random)
    expect(whyRefused(handshake, [key], ends('responder'))).toBe('wrong_key')
  })

  test('refuses a proof from another connection', () => {
    const overheard = gateHandshake([key], ends('initiator', bytesOf('another connection')), random)
    expect(whyRefused(overheard, [key], ends('responder'))).toBe('wrong_key')
  })

  test('refuses who sends its own proof back, also beside one of another place', () => {
    const mine = gateHandshake([key], ends('responder'), random)
    expect(whyRefused(mine, [key], ends('responder'))).toBe('replayed_proof')
    const moved = Uint8Array.from(mine)
    moved.copyWithin(1 + 7 * 32, 1, 33)
    moved.fill(0, 1, 33)
    expect(whyRefused(moved, [key], ends('responder'))).toBe('replayed_proof')
  })

  test('refuses another version, and what is no handshake', () => {
    const handshake = gateHandshake([key], ends('initiator'), random)
    const refused = (bytes: Uint8Array) => whyRefused(bytes, [key], ends('responder'))
    expect(refused(Uint8Array.of(2, ...handshake.subarray(1)))).toBe('other_version')
    expect(refused(new Uint8Array())).toBe('malformed_message')
    expect(refused(handshake.subarray(0, -1))).toBe('malformed_message')
    expect(refused(new Uint8Array(1024 * 1024))).toBe('message_too_large')
  })

  test('shows nothing that tells how many epochs it knows', () => {
    let next = 0
    const handshake = gateHandshake([key], ends('initiator'), (length) =>
      Uint8Array.from({ length }, () => next++),
    )
    const proofs = Array.from({ length: 8 }, (_, i) =>
      Buffer.from(handshake.subarray(1 + i * 32, 33 + i * 32)),
    )
    expect(new Set(proofs.map((proof) => proof.toString('hex'))).size).toBe(8)
  })
})
