import {
  batchValues,
  equalBytes,
  MAX_BODY_BYTES,
  MAX_INGEST_CERTIFICATES,
  MAX_INGEST_EVENTS,
  MAX_INGEST_RECORDS,
  signedBytes,
  type BatchRejection,
  type Event,
  type IngestBatch,
  type Rejected,
  type Rejection,
} from '../_shared/core.js'
import { fromBase64 } from '../_shared/base64.ts'
import type { Database } from '../_shared/database.ts'
import { verifySignature } from '../_shared/ed25519.ts'
import { required, type Secrets } from '../_shared/environment.ts'
import { Refused } from '../_shared/http.ts'
import { parseJson, readEvent, toStore, type Accepted, type EventRejection } from './events.ts'
import { logOf, recordsOf, teamOf, type Log } from './team.ts'

export interface SignedCall {
  body: Uint8Array
  /** Of sources that are somebody's by configuration. */
  keys: ReadonlyMap<string, Uint8Array>
  secrets: Secrets
  database: Database
  /** ms since 1970. */
  now: number
}

/** A batch whose device signed it for its place in its log. */
interface Checked {
  log: Log
  /** Each, or why it is none. */
  events: (Event | EventRejection)[]
}

/**
 * Batches as nodes pass them on. What does not count is left out and named, and the rest is taken, so that one log does
 * not hold up the others; where no batch at all counts, that is the answer.
 */
export async function acceptSigned({ body, keys, secrets, database, now }: SignedCall): Promise<Accepted> {
  const { records: given, batches } = requestOf(body)
  const team = teamOf(required(secrets, 'VIBETEA_TEAM_ID'))
  const records = await recordsOf(team, given, database)
  const logs = new Map<string, Promise<Log | BatchRejection>>()
  for (const { certificate } of batches) {
    if (!logs.has(certificate)) logs.set(certificate, logOf(certificate, team.id, records))
  }
  const checked = await Promise.all(
    batches.map(async (batch) => check(batch, await logs.get(batch.certificate)!)),
  )
  const owners = await ownersOf(checked, keys, database)

  const events: Event[] = []
  const rejected: Rejected[] = []
  let counting = 0
  checked.forEach((each, batch) => {
    if (typeof each === 'string') return rejected.push({ batch, index: null, error: each })
    const results = each.events.map((event) => place(event, each.log, owners, now))
    if (results.length === 0 || results.some((result) => result !== 'source_mismatch')) counting++
    results.forEach((result, index) => {
      if (typeof result === 'string') rejected.push({ batch, index, error: result })
      else events.push(result)
    })
    return undefined
  })
  if (batches.length > 0 && counting === 0) throw refusalOf(rejected[0]!)
  return { events, rejected }
}

function refusalOf({ error }: Rejected): Refused {
  switch (error) {
    case 'invalid_signature':
      return new Refused(error, 'The batch is not what its device signed for that place in its log.')
    case 'unknown_source':
      return new Refused(
        error,
        'The batch’s device is no member of the team there, by the records sent so far.',
      )
    case 'source_mismatch':
      return new Refused(error, 'The batch’s source is another device’s.')
    default:
      return new Refused('invalid_request', 'The batch is not one.')
  }
}

/** The call's parts, of their types and not too many. */
function requestOf(body: Uint8Array): { records: string[]; batches: IngestBatch[] } {
  const given = parseJson(body) as { records?: unknown; batches?: unknown } | null | undefined
  const isOurs = typeof given === 'object' && given !== null && ('batches' in given || 'records' in given)
  if (!isOurs) throw new Refused('missing_auth', 'Send X-Source-ID and X-Signature, or signed batches.')
  const { records = [], batches = [] } = given
  if (!Array.isArray(batches) || !batches.every(isBatch)) {
    throw new Refused('invalid_request', 'batches is an array of {certificate, seq, signature, body}.')
  }
  if (!Array.isArray(records) || !records.every((record) => typeof record === 'string')) {
    throw new Refused('invalid_request', 'records is an array of base64.')
  }
  if (batches.length === 0 && records.length === 0) throw new Refused('empty_batch', 'There is no batch.')
  const certificates = new Set(batches.map(({ certificate }) => certificate))
  if (
    batches.length > MAX_INGEST_EVENTS ||
    certificates.size > MAX_INGEST_CERTIFICATES ||
    records.length > MAX_INGEST_RECORDS
  ) {
    throw new Refused('batch_too_large', 'Too many batches, certificates or records at a time.')
  }
  return { records, batches }
}

function isBatch(value: unknown): value is IngestBatch {
  const { certificate, seq, signature, body } = Object(value) as Record<string, unknown>
  return (
    typeof certificate === 'string' &&
    Number.isSafeInteger(seq) &&
    (seq as number) >= 0 &&
    typeof signature === 'string' &&
    typeof body === 'string'
  )
}

async function check(batch: IngestBatch, log: Log | BatchRejection): Promise<Checked | BatchRejection> {
  if (typeof log === 'string') return log
  const { seq, signature, body } = batch
  if (log.cut !== null && seq >= log.cut) return 'unknown_source'
  const bytes = new TextEncoder().encode(body)
  if (bytes.length > MAX_BODY_BYTES) return 'invalid_request'
  const signed = fromBase64(signature)
  if (!signed || !(await verifySignature(signed, signedBytes(log, seq, bytes), log.device))) {
    return 'invalid_signature'
  }
  const values = batchValues(bytes)
  return values ? { log, events: values.map(readEvent) } : 'invalid_request'
}

/** Whose each source is that the batches use: by configuration, or the device that used it first. */
async function ownersOf(
  checked: readonly (Checked | BatchRejection)[],
  keys: ReadonlyMap<string, Uint8Array>,
  database: Database,
): Promise<ReadonlyMap<string, string>> {
  const batches = checked.filter((each) => typeof each !== 'string')
  const count = batches.reduce((sum, { events }) => sum + events.length, 0)
  if (count > MAX_INGEST_EVENTS) {
    throw new Refused('batch_too_large', `At most ${MAX_INGEST_EVENTS} events at a time.`)
  }
  const wanted = new Map<string, string>()
  for (const { log, events } of batches) {
    for (const event of events) {
      if (typeof event === 'string' || !isOwn(event.source, log, keys)) continue
      if (!wanted.has(event.source)) wanted.set(event.source, log.name)
    }
  }
  if (wanted.size === 0) return wanted
  return new Map(Object.entries(await database.bindSources(Object.fromEntries(wanted))))
}

/** Whether a source can be that of a log's device at all. */
function isOwn(source: string, { device, name }: Log, keys: ReadonlyMap<string, Uint8Array>): boolean {
  const configured = keys.get(source)
  return source.endsWith(`-${name.slice(0, 6)}`) && (!configured || equalBytes(configured, device))
}

function place(
  event: Event | EventRejection,
  log: Log,
  owners: ReadonlyMap<string, string>,
  now: number,
): Event | Exclude<Rejection, BatchRejection> {
  if (typeof event === 'string') return event
  return owners.get(event.source) === log.name ? toStore(event, now) : 'source_mismatch'
}
