/** What the functions use of core; `npm run bundle:core` makes `functions/_shared/core.js` of it. */
export {
  ARCHIVE_ERRORS,
  ARCHIVE_RETENTION_MS,
  DEFAULT_QUERY_DAYS,
  MAX_AHEAD_MS,
  MAX_INGEST_BYTES,
  MAX_INGEST_CERTIFICATES,
  MAX_INGEST_EVENTS,
  MAX_INGEST_RECORDS,
  QUERY_DAYS,
  type ArchiveError,
  type BatchRejection,
  type IngestAnswer,
  type IngestBatch,
  type QueryAnswer,
  type Rejected,
  type Rejection,
} from '../core/archive.ts'
export { batchValues, MAX_BODY_BYTES, signedBytes } from '../core/blocks.ts'
export type { HourCount } from '../core/buckets.ts'
export { equalBytes } from '../core/bytes.ts'
export { certificateBytes, decodeCertificate, type SignedCertificate } from '../core/certificate.ts'
export { MAX_RECORD_BYTES } from '../core/epoch.ts'
export { EpochRecords } from '../core/epoch-records.ts'
export { EVENT_TYPES, parseEvent, type Event } from '../core/events.ts'
export { plainHash, z32Bytes } from '../core/hash.ts'
export { isUsableKey, verify } from '../core/identity.ts'
export { keyText } from '../core/secrets.ts'
export { isSource } from '../core/shapes.ts'
