import { timingSafeEqual } from 'node:crypto'
import { concat } from '../../core/bytes.ts'
import { proofOf, type Side } from '../../core/secrets.ts'
import type { RefusedReason } from './port.ts'

/**
 * The gate: what two peers show each other before anything else. A handshake is version ‖ eight proofs of 32 bytes, one
 * for each epoch whose topic is still joined, newest first, and random bytes for the rest: it tells nobody who does not
 * hold the key how many there are. These constants are the protocol's: never change one.
 */
const VERSION = 1
const PROOFS = 8
const PROOF_BYTES = 32
export const HANDSHAKE_BYTES = 1 + PROOFS * PROOF_BYTES

/** The Noise connection that a proof is bound to, as this end sees it. */
export interface Ends {
  side: Side
  handshakeHash: Uint8Array
}

const otherSide = (side: Side): Side => (side === 'initiator' ? 'responder' : 'initiator')

/** What this end shows. `gateKeys` are at most eight, newest first; `random` gives so many random bytes. */
export function gateHandshake(
  gateKeys: readonly Uint8Array[],
  { side, handshakeHash }: Ends,
  random: (bytes: number) => Uint8Array,
): Uint8Array {
  const proofs = gateKeys.slice(0, PROOFS).map((key) => proofOf(key, side, handshakeHash))
  return concat(Uint8Array.of(VERSION), ...proofs, random((PROOFS - proofs.length) * PROOF_BYTES))
}

/** Why the other end may not pass; null where it holds one of the keys. Takes the same time whichever proof is right. */
export function whyRefused(
  handshake: Uint8Array,
  gateKeys: readonly Uint8Array[],
  { side, handshakeHash }: Ends,
): RefusedReason | null {
  if (handshake.length > HANDSHAKE_BYTES) return 'message_too_large'
  if (handshake[0] !== undefined && handshake[0] !== VERSION) return 'other_version'
  if (handshake.length !== HANDSHAKE_BYTES) return 'malformed_message'
  const proofs = Array.from({ length: PROOFS }, (_, i) =>
    handshake.subarray(1 + i * PROOF_BYTES, 1 + (i + 1) * PROOF_BYTES),
  )
  const holds = gateKeys.map((key) => isAmong(proofs, proofOf(key, otherSide(side), handshakeHash)))
  const reflects = gateKeys.map((key) => isAmong(proofs, proofOf(key, side, handshakeHash)))
  if (reflects.includes(true)) return 'replayed_proof'
  return holds.includes(true) ? null : 'wrong_key'
}

function isAmong(proofs: readonly Uint8Array[], proof: Uint8Array): boolean {
  let found = false
  for (const each of proofs) if (timingSafeEqual(each, proof)) found = true
  return found
}

/** Whether two proofs are the same, in a time that does not tell where they differ. */
export function isSameProof(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b)
}

/** The proof of a secret that the other end of a connection must give. */
export function proofOfOther(key: Uint8Array, { side, handshakeHash }: Ends): Uint8Array {
  return proofOf(key, otherSide(side), handshakeHash)
}
