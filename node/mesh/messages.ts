import { PRESENCES, type Presence } from '../../core/api.ts'
import { concat, readWhole, uint64 } from '../../core/bytes.ts'
import { CERTIFICATE_BYTES } from '../../core/certificate.ts'
import { proofKeyOf, proofOf, type EpochSecrets } from '../../core/secrets.ts'
import { STATEMENT_BYTES } from '../../core/statement.ts'
import { isVersion } from '../../core/versions.ts'
import { isSameProof, proofOfOther, type Ends } from './gate.ts'
import { MAX_BATCH } from './limits.ts'
import type { GossipKind } from './port.ts'

/**
 * The messages that follow the gate, numbered on the wire as they stand here: never change their order.
 *
 * hello: proof of R (32, zero bytes where not held) ‖ proof of W (32, likewise) ‖ its clock (8) ‖ version; first, once
 * record: an epoch or admin record
 * certificates, statements: 1 to 64 one after the other
 * presence: one byte, the state's place in `PRESENCES`
 */
export const MESSAGE_KINDS = ['hello', 'record', 'certificates', 'statements', 'presence'] as const
export type MessageKind = (typeof MESSAGE_KINDS)[number]

const PROOF_BYTES = 32
const NO_PROOF = new Uint8Array(PROOF_BYTES)
const CLOCK_BYTES = 8

/** What a peer says first. */
export interface Hello {
  version: string
  /** Its clock when it said so, ms since 1970. */
  clock: number
  /** Whether it holds R; false as well where that cannot be known here. */
  provesRead: boolean
}

/** `clock` is in ms since 1970. Throws a RangeError for a version that none can be. */
export function encodeHello(
  version: string,
  { read, write }: EpochSecrets,
  ends: Ends,
  clock: number,
): Uint8Array {
  if (!isVersion(version)) throw new RangeError('not a version')
  const proof = (secret: Uint8Array | null) =>
    secret ? proofOf(proofKeyOf(secret), ends.side, ends.handshakeHash) : NO_PROOF
  return concat(proof(read), proof(write), uint64(clock), new TextEncoder().encode(version))
}

/** Reads the other end's hello; why to refuse it where it is none, or proves what it does not hold. */
export function decodeHello(
  bytes: Uint8Array,
  { read, write }: EpochSecrets,
  ends: Ends,
): Hello | 'malformed_message' | 'wrong_key' {
  const rest = bytes.subarray(2 * PROOF_BYTES)
  const clock = readWhole(rest.subarray(0, CLOCK_BYTES), (reader) => reader.uint64())
  const version = Buffer.from(rest.subarray(CLOCK_BYTES)).toString('latin1')
  if (clock === null || !isVersion(version)) return 'malformed_message'
  const reads = proves(bytes.subarray(0, PROOF_BYTES), read, ends)
  const writes = proves(bytes.subarray(PROOF_BYTES, 2 * PROOF_BYTES), write, ends)
  if (reads === 'wrong' || writes === 'wrong') return 'wrong_key'
  return { version, clock, provesRead: reads === 'right' }
}

function proves(proof: Uint8Array, secret: Uint8Array | null, ends: Ends): 'right' | 'wrong' | 'none' {
  if (!secret || isSameProof(proof, NO_PROOF)) return 'none'
  return isSameProof(proof, proofOfOther(proofKeyOf(secret), ends)) ? 'right' : 'wrong'
}

/** One byte. */
export function encodePresence(presence: Presence): Uint8Array {
  return Uint8Array.of(PRESENCES.indexOf(presence))
}

/** null where the byte is none. */
export function decodePresence(bytes: Uint8Array): Presence | null {
  return (bytes.length === 1 && PRESENCES[bytes[0]!]) || null
}

const CARRIERS: Record<GossipKind, { message: MessageKind; bytesEach: number | null }> = {
  record: { message: 'record', bytesEach: null },
  certificate: { message: 'certificates', bytesEach: CERTIFICATE_BYTES },
  statement: { message: 'statements', bytesEach: STATEMENT_BYTES },
}

/** The messages that carry some records, certificates or statements, in their order. */
export function pack(
  kind: GossipKind,
  items: readonly Uint8Array[],
): { message: MessageKind; bytes: Uint8Array }[] {
  const { message, bytesEach } = CARRIERS[kind]
  const size = bytesEach === null ? 1 : MAX_BATCH
  const packs = Array.from({ length: Math.ceil(items.length / size) }, (_, i) =>
    items.slice(i * size, (i + 1) * size),
  )
  return packs.map((each) => ({ message, bytes: concat(...each) }))
}

/** What a message carries; null where it cannot be cut into whole ones, or is empty. */
export function unpack(kind: GossipKind, bytes: Uint8Array): Uint8Array[] | null {
  const each = CARRIERS[kind].bytesEach ?? bytes.length
  if (bytes.length === 0 || bytes.length % each !== 0) return null
  return Array.from({ length: bytes.length / each }, (_, i) => bytes.subarray(i * each, (i + 1) * each))
}
