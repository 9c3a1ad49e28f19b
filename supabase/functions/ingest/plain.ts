import { MAX_INGEST_EVENTS, type Event, type Rejected } from '../_shared/core.js'
import { fromBase64 } from '../_shared/base64.ts'
import { verifySignature } from '../_shared/ed25519.ts'
import { Refused } from '../_shared/http.ts'
import { parseJson, readEvent, toStore, type Accepted } from './events.ts'

export interface PlainCall {
  /** `X-Source-ID`. */
  source: string | null
  /** `X-Signature`: base64 of the Ed25519 signature of the raw body. */
  signature: string | null
  body: Uint8Array
  keys: ReadonlyMap<string, Uint8Array>
  /** ms since 1970. */
  now: number
}

/** One event or an array of them, signed by a source whose key is configured: all or nothing, but for what is too old. */
export async function acceptPlain({ source, signature, body, keys, now }: PlainCall): Promise<Accepted> {
  if (!source || !signature) throw new Refused('missing_auth', 'Send both X-Source-ID and X-Signature.')
  const key = keys.get(source)
  if (!key) throw new Refused('unknown_source', `${source} has no key in VIBETEA_PUBLIC_KEYS.`)
  const bytes = fromBase64(signature)
  if (!bytes || !(await verifySignature(bytes, body, key))) {
    throw new Refused('invalid_signature', `X-Signature is not ${source}’s signature of this body.`)
  }
  const given = parseJson(body)
  if (typeof given !== 'object' || given === null) {
    throw new Refused('invalid_request', 'The body is an event or an array of events, as JSON.')
  }
  const values: unknown[] = Array.isArray(given) ? given : [given]
  if (values.length === 0) throw new Refused('empty_batch', 'There is no event in the body.')
  if (values.length > MAX_INGEST_EVENTS) {
    throw new Refused('batch_too_large', `At most ${MAX_INGEST_EVENTS} events at a time.`)
  }
  const events: Event[] = []
  const rejected: Rejected[] = []
  values.forEach((value, index) => {
    const event = eventAt(value, index, source, now)
    if (event) events.push(event)
    else rejected.push({ batch: 0, index, error: 'too_old' })
  })
  return { events, rejected }
}

/** One of the events, as it is stored; null where it is too old. */
function eventAt(value: unknown, index: number, source: string, now: number): Event | null {
  const { source: given } = Object(value) as { source?: unknown }
  if (typeof given === 'string' && given !== source) {
    throw new Refused('source_mismatch', `Event ${index} is of another source than X-Source-ID.`)
  }
  const event = readEvent(value)
  if (event === 'invalid_event_type') throw new Refused(event, `Event ${index} has an unknown eventType.`)
  if (event === 'invalid_event') throw new Refused(event, `Event ${index} is not an event.`)
  const stored = toStore(event, now)
  if (stored === 'too_new') throw new Refused('invalid_event', `Event ${index} is more than a day ahead.`)
  return stored === 'too_old' ? null : stored
}
