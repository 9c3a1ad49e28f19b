import {
  certificateBytes,
  decodeCertificate,
  EpochRecords,
  equalBytes,
  isUsableKey,
  keyText,
  MAX_RECORD_BYTES,
  plainHash,
  verify,
  z32Bytes,
  type BatchRejection,
} from '../_shared/core.js'
import { fromBase64, toBase64 } from '../_shared/base64.ts'
import type { Database } from '../_shared/database.ts'
import { verifySignature } from '../_shared/ed25519.ts'
import { Refused } from '../_shared/http.ts'

/** A log that counts: whose it is, and where it ends. */
export interface Log {
  teamId: Uint8Array
  device: Uint8Array
  /** How the device is named where its sources are kept: z32 of its key, of which a source has the first six. */
  name: string
  incarnation: Uint8Array
  /** Blocks from here on do not count; null where it goes on. */
  cut: number | null
}

/** The team that the archive is of, `VIBETEA_TEAM_ID`: its id as text and as bytes. */
export function teamOf(text: string): { text: string; id: Uint8Array } {
  const id = z32Bytes(text)
  if (id?.length !== 32 || !isUsableKey(id)) {
    throw new Refused('internal_error', 'The archive is not set up: VIBETEA_TEAM_ID is no team’s id.')
  }
  return { text, id }
}

/**
 * The team's records: those that are stored, and those given (base64), which are checked and stored. Throws a `Refused`
 * for one that does not count.
 */
export async function recordsOf(
  team: { text: string; id: Uint8Array },
  given: readonly string[],
  database: Database,
): Promise<EpochRecords> {
  // What is stored was checked when it came.
  let isStored = true
  const records = new EpochRecords(team.id, null, (...args) => isStored || verify(...args))
  for (const text of await database.epochRecords(team.text)) records.add(fromBase64(text)!)
  isStored = false

  const added: { hash: string; record: string }[] = []
  for (const record of given) {
    const bytes = fromBase64(record)
    if (!bytes || bytes.length > MAX_RECORD_BYTES) throw notARecord()
    const verdict = records.add(bytes)
    if (verdict.kind === 'new') added.push({ hash: toBase64(plainHash(bytes)), record })
    if (verdict.kind !== 'refused') continue
    switch (verdict.reason) {
      case 'other_team':
        throw new Refused('unknown_source', 'A record is of another team than VIBETEA_TEAM_ID.')
      case 'forged_issuer':
        throw new Refused('unknown_source', 'A record is signed by a key that is not an admin of the team.')
      case 'invalid_record':
        throw new Refused('invalid_signature', 'A record is not what its signer signed.')
      case 'too_many_records':
        throw new Refused('invalid_request', 'The team has too many records.')
    }
  }
  if (added.length > 0) await database.addEpochRecords(team.text, added)
  return records
}

const notARecord = () => new Refused('invalid_request', 'A record is not one, in base64.')

/**
 * The log that a certificate (base64) admits, or why it admits none: it has to be a member's, of the epoch that counts
 * or of one whose end lists the log.
 */
export async function logOf(
  text: string,
  teamId: Uint8Array,
  records: EpochRecords,
): Promise<Log | BatchRejection> {
  const bytes = fromBase64(text)
  const certificate = bytes && decodeCertificate(bytes)
  if (!certificate) return 'invalid_request'
  const { device, incarnation, epoch, deviceSignature, issuerSignature } = certificate
  const issuer = records.issuersOf(epoch)?.member
  const cut = records.cutOf(device, incarnation, epoch)
  if (!equalBytes(certificate.teamId, teamId) || !issuer || cut === undefined) return 'unknown_source'
  const message = certificateBytes(certificate)
  if (!(await verifySignature(deviceSignature, message, device))) return 'invalid_signature'
  // Readers' and mirrors' are of other issuers: they write nothing.
  if (!(await verifySignature(issuerSignature, message, issuer))) return 'unknown_source'
  return { teamId, device, name: keyText(device), incarnation, cut }
}
