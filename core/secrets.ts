import { uint64 } from './bytes.ts'
import { derive, portableBlake2b, z32Prefix } from './hash.ts'
import { publicKeyOf } from './identity.ts'
import type { Role } from './team-key.ts'

/** The secrets of a team's epoch. Each gives those below it, W → R → M, and none above. */
export interface EpochSecrets {
  /** 32 bytes: the public key of the founder's admin key. */
  teamId: Uint8Array
  /** W, 32 random bytes; null for who only reads or mirrors. */
  write: Uint8Array | null
  /** R = H(W, "read", teamId): the key of contents; null for mirrors. */
  read: Uint8Array | null
  /** M = H(R, "mirror", teamId): the key of gate and topic. */
  mirror: Uint8Array
}

/** What a role's secret gives. `secret` is W, R or M, 32 bytes. */
export function secretsOf(teamId: Uint8Array, role: Role, secret: Uint8Array): EpochSecrets {
  const write = role === 'member' ? secret : null
  const read = write ? derive(write, 'read', [teamId]) : role === 'reader' ? secret : null
  return { teamId, write, read, mirror: read ? derive(read, 'mirror', [teamId]) : secret }
}

/** The secret that a role needs, or null where these do not hold it. */
export function secretFor(role: Role, { write, read, mirror }: EpochSecrets): Uint8Array | null {
  return role === 'member' ? write : role === 'reader' ? read : mirror
}

/** Where a team's peers find each other in the DHT: H(M, "topic"). */
export function topicOf({ mirror }: EpochSecrets): Uint8Array {
  return derive(mirror, 'topic')
}

/** The key of the gate's proofs: H(M, "gate"). */
export function gateKeyOf({ mirror }: EpochSecrets): Uint8Array {
  return derive(mirror, 'gate')
}

/** Four bytes that tell with which epoch's R a block is encrypted: the first of H(R, "epoch"). */
export function epochIdOf(read: Uint8Array): Uint8Array {
  return derive(read, 'epoch').subarray(0, 4)
}

/** The key under which a log's blocks are encrypted: H(R, "block", core). `core` is the log's key, 32 bytes. */
export function blockKeyOf(read: Uint8Array, core: Uint8Array): Uint8Array {
  return derive(read, 'block', [core])
}

/** The key of file tags in a team: H(W, "file", teamId). */
export function teamFileKeyOf(write: Uint8Array, teamId: Uint8Array): Uint8Array {
  return derive(write, 'file', [teamId])
}

/** The key of project tags in a team: H(R of its first epoch, "project"). */
export function teamProjectKeyOf(firstRead: Uint8Array): Uint8Array {
  return derive(firstRead, 'project')
}

/**
 * The Ed25519 secret with which a role's holders issue certificates: H(W | R | M, "issuer", teamId, epoch). `epoch` goes
 * in as 8 bytes, little-endian.
 */
export function issuerSecretOf(secret: Uint8Array, teamId: Uint8Array, epoch: number): Uint8Array {
  return derive(secret, 'issuer', [teamId, uint64(epoch)])
}

/** The public keys that an epoch record names, for who holds W. */
export function issuersOf(write: Uint8Array, teamId: Uint8Array, epoch: number): Record<Role, Uint8Array> {
  const secrets = secretsOf(teamId, 'member', write)
  const issuer = (secret: Uint8Array) => publicKeyOf(issuerSecretOf(secret, teamId, epoch))
  return { member: issuer(write), reader: issuer(secrets.read!), mirror: issuer(secrets.mirror) }
}

/** The two ends of a connection, as the Noise handshake has them. */
export type Side = 'initiator' | 'responder'

const SIDE_BYTES: Record<Side, number> = { initiator: 0, responder: 1 }

/**
 * Proof of a secret on one connection, 32 bytes: BLAKE2b-256 under `key` over one byte for the side (0 initiator, 1
 * responder) and the Noise handshake's hash. It means nothing on another connection or from the other side.
 */
export function proofOf(key: Uint8Array, side: Side, handshakeHash: Uint8Array): Uint8Array {
  return portableBlake2b(key, Uint8Array.of(SIDE_BYTES[side], ...handshakeHash))
}

/** The keys of the proofs of R and W that follow the gate: H(R, "proof") and H(W, "proof"). */
export function proofKeyOf(secret: Uint8Array): Uint8Array {
  return derive(secret, 'proof')
}

/** The namespace of a writer's log of a team: H(teamId, "events" | "state", incarnation). */
export function namespaceOf(
  teamId: Uint8Array,
  log: 'events' | 'state',
  incarnation: Uint8Array,
): Uint8Array {
  return derive(teamId, log, [incarnation])
}

/** z32 of 32 bytes: how keys, devices and teams are written. */
export function keyText(bytes: Uint8Array): string {
  return z32Prefix(bytes, 52)
}
