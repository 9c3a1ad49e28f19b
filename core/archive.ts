import type { HourCount } from './buckets.ts'

/** What an archive takes and tells: the contract of its functions `ingest` and `query`. */

/** Events of one call. */
export const MAX_INGEST_EVENTS = 1000
/** Different certificates of one call. */
export const MAX_INGEST_CERTIFICATES = 64
/** Team records of one call. */
export const MAX_INGEST_RECORDS = 64
/** Bytes of one call's body. A thousand of the largest events fit, with what goes around them. */
export const MAX_INGEST_BYTES = 8 * 1024 * 1024

const DAY_MS = 24 * 60 * 60 * 1000
/** Older events are not taken, and go. */
export const ARCHIVE_RETENTION_MS = 30 * DAY_MS
/** What is ahead of the archive's clock by no more is taken as of now. */
export const MAX_AHEAD_MS = DAY_MS

/** Whole days that `query` tells of. */
export const QUERY_DAYS = [7, 30] as const
export const DEFAULT_QUERY_DAYS = 7

/** The HTTP status of each error: `{error, message}`. */
export const ARCHIVE_ERRORS = {
  missing_auth: 401,
  unknown_source: 401,
  invalid_signature: 401,
  invalid_token: 401,
  invalid_request: 400,
  empty_batch: 400,
  batch_too_large: 400,
  invalid_event: 400,
  invalid_days: 400,
  invalid_event_type: 422,
  source_mismatch: 422,
  internal_error: 500,
} as const
export type ArchiveError = keyof typeof ARCHIVE_ERRORS

/** A batch as it stands in a device's log, for the archive to check anew. */
export interface IngestBatch {
  /** The device's, base64; of the epoch in which the batch counts. */
  certificate: string
  /** The index of the batch's block. */
  seq: number
  /** The device's, base64. */
  signature: string
  /** The signed JSON, as text. */
  body: string
}

/** What a node sends. */
export interface IngestRequest {
  /** Team records, base64, each after those that it needs; those that the archive has already do no harm. */
  records?: string[]
  batches: IngestBatch[]
}

/** Why an event or a batch was left out. */
export type Rejection =
  'invalid_event' | 'invalid_event_type' | 'source_mismatch' | 'too_old' | 'too_new' | BatchRejection
export type BatchRejection = 'unknown_source' | 'invalid_signature' | 'invalid_request'

export interface Rejected {
  /** The batch's place in the call; 0 where it is the call's events themselves. */
  batch: number
  /** The event's place in the batch; null: all of it. */
  index: number | null
  error: Rejection
}

export interface IngestAnswer {
  /** Events that were new. */
  inserted: number
  message: string
  rejected: Rejected[]
}

/** Counts by source and hour of UTC. */
export interface QueryAnswer {
  aggregates: HourCount[]
  meta: {
    /** Rows of `aggregates`. */
    totalCount: number
    daysRequested: number
    /** RFC 3339 UTC. */
    fetchedAt: string
  }
}
