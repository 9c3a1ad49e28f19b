import type { Presence } from '../../core/api.ts'
import type { Role } from '../../core/team-key.ts'

/** What the mesh needs from outside, and what it tells. */

/** What became of something that a peer sent, or of one's own. */
export type Verdict = { kind: 'new' } | { kind: 'known' } | { kind: 'refused'; reason: RefusedReason }

/** Why something, or someone, was refused; counted in `status`. */
export type RefusedReason =
  /** Its proof is of no secret of this team. */
  | 'wrong_key'
  /** It sent our own proof back. */
  | 'replayed_proof'
  /** It connected with this device's own key: a copy of this home runs elsewhere. */
  | 'own_key'
  | 'other_version'
  | 'too_slow'
  /** It showed no certificate, or spoke of a log without one. */
  | 'no_certificate'
  /** It sent a message before it had passed the gate. */
  | 'no_gate'
  | 'message_too_large'
  | 'malformed_message'
  | 'too_many_messages'
  | 'other_team'
  | 'invalid_record'
  | 'too_many_records'
  | 'invalid_certificate'
  | 'forged_issuer'
  /** A certificate of an epoch whose record is not here (yet). */
  | 'unknown_epoch'
  /** A certificate of an ended epoch that does not go on. */
  | 'closed_epoch'
  | 'too_many_devices'
  | 'too_many_incarnations'
  | 'invalid_statement'
  | 'too_many_statements'

/** What peers pass on, and every node keeps. */
export type GossipKind = 'record' | 'certificate' | 'statement'

/** A device of the team other than this one, as this node meets it. */
export interface PeerView {
  device: Uint8Array
  /** Of its latest certificate, as are noise and role. */
  incarnation: Uint8Array
  noise: Uint8Array
  role: Role
  /** As it said itself; null before it was met. */
  version: string | null
  /** How far its clock was ahead of this one's when it was last met, in ms; negative: behind; null before. */
  clockAheadMs: number | null
  /** null where it is not connected, says nothing, or may say nothing. */
  presence: Presence | null
  /** Since when it is connected, ms since 1970; null where it is not. */
  since: number | null
  /** When it last sent something, ms since 1970; null where it was not met since the start. */
  lastSeen: number | null
}
