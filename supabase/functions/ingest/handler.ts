import { MAX_INGEST_BYTES, type IngestAnswer } from '../_shared/core.js'
import type { Database } from '../_shared/database.ts'
import type { Secrets } from '../_shared/environment.ts'
import { readBody, Refused, respond } from '../_shared/http.ts'
import { configuredKeys } from './keys.ts'
import { acceptPlain } from './plain.ts'
import { acceptSigned } from './signed.ts'
import type { Accepted } from './events.ts'

export interface IngestOptions {
  database: Database
  secrets: Secrets
  /** ms since 1970. */
  now: () => number
  log: (error: unknown) => void
}

const PURGE_EVERY_MS = 60 * 60_000

/** `POST /ingest`: events that a configured source signed, or batches of the team's logs. */
export function ingestHandler({ database, secrets, now, log }: IngestOptions) {
  let purgedAt = -Infinity

  /** What is too old goes when something new comes, so that a project without pg_cron has it, too. */
  async function purge(): Promise<void> {
    if (now() - purgedAt < PURGE_EVERY_MS) return
    purgedAt = now()
    try {
      await database.purgeEvents()
    } catch (error) {
      log(error) // what came is stored, and the next call tries again in an hour
    }
  }

  async function accept(request: Request): Promise<Accepted> {
    const source = request.headers.get('x-source-id')
    const signature = request.headers.get('x-signature')
    const body = await readBody(request, MAX_INGEST_BYTES)
    if (!body) throw new Refused('batch_too_large', `A body has at most ${MAX_INGEST_BYTES} bytes.`)
    const keys = configuredKeys(secrets('VIBETEA_PUBLIC_KEYS'))
    if (source !== null || signature !== null)
      return acceptPlain({ source, signature, body, keys, now: now() })
    return acceptSigned({ body, keys, secrets, database, now: now() })
  }

  return (request: Request): Promise<Response> =>
    respond(request, 'POST', log, async (): Promise<IngestAnswer> => {
      const { events, rejected } = await accept(request)
      const inserted = events.length === 0 ? 0 : await database.insertEvents(events)
      await purge()
      const message = `${inserted} new of ${events.length} events taken; ${rejected.length} left out.`
      return { inserted, message, rejected }
    })
}
