/** What the mesh needs from outside, and what it tells. */

/** What became of something that a peer sent, or of one's own. */
export type Verdict = { kind: 'new' } | { kind: 'known' } | { kind: 'refused'; reason: RefusedReason }

/** Why something, or someone, was refused; counted in `status`. */
export type RefusedReason =
  | 'wrong_key'
  | 'replayed_proof'
  | 'too_slow'
  | 'no_certificate'
  | 'message_too_large'
  | 'malformed_message'
  | 'other_team'
  | 'invalid_record'
  | 'invalid_certificate'
  | 'forged_issuer'
  | 'closed_epoch'
  | 'too_many_devices'
  | 'too_many_incarnations'
  | 'invalid_statement'

/** What peers pass on, and every node keeps. */
export type GossipKind = 'record' | 'certificate' | 'statement'

/** Keeps what was learned of the team. */
export interface RosterStore {
  load(): Promise<Record<GossipKind, Uint8Array[]>>
  save(kind: GossipKind, bytes: Uint8Array): Promise<void>
}
