import type { IngestAnswer, IngestRequest, QueryAnswer } from '../../core/archive.ts'
import type { Event } from '../../core/events.ts'
import { sign } from '../../core/identity.ts'
import type { TestDevice } from './team.ts'
import { base64 } from './team.ts'
import { SUBSCRIBER_TOKEN, type Stack } from './stack.ts'

/** An answer of a function: its status and what it says. */
export interface Reply<T> {
  status: number
  answer: T & { error?: string; message?: string }
}

async function replyOf<T>(response: Response): Promise<Reply<T>> {
  return { status: response.status, answer: (await response.json()) as Reply<T>['answer'] }
}

/** Any call of `ingest`. */
export async function post(stack: Stack, body: string | Uint8Array, headers: Record<string, string> = {}) {
  const init = { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } }
  return replyOf<IngestAnswer>(await fetch(`${stack.functionsUrl}/ingest`, init))
}

/** Batches of a team's logs. */
export const postBatches = (stack: Stack, request: Partial<IngestRequest>) =>
  post(stack, JSON.stringify(request))

/** A body as a configured source signs it. */
export function postPlain(
  stack: Stack,
  device: TestDevice,
  body: unknown,
  headers: Record<string, string> = {},
) {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const bytes = body instanceof Uint8Array ? body : new TextEncoder().encode(text)
  const signature = base64(sign(bytes, device.secret))
  return post(stack, bytes, { 'x-source-id': device.source, 'x-signature': signature, ...headers })
}

export async function query(stack: Stack, parameters = '', authorization = `Bearer ${SUBSCRIBER_TOKEN}`) {
  const headers = authorization === '' ? {} : { authorization }
  return replyOf<QueryAnswer>(await fetch(`${stack.functionsUrl}/query${parameters}`, { headers }))
}

/** The stored events, by time and id. */
export async function stored(stack: Stack): Promise<Event[]> {
  return stack.postgres.asSuperuser(async (sql) => {
    const rows = await sql<{ event: Event }>`
      select jsonb_build_object('id', id, 'source', source, 'timestamp',
        to_char("timestamp" at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
        'eventType', event_type, 'payload', payload) as event
      from public.events order by "timestamp", id`
    return rows.map(({ event }) => event)
  })
}

/** Hours whose count is not that of their events. */
export async function wrongHours(stack: Stack): Promise<unknown[]> {
  return stack.postgres.asSuperuser(
    (sql) => sql`
      select * from vibetea.events_hourly full join (
        select source, date_trunc('hour', "timestamp", 'UTC') as hour, count(*) as event_count
        from public.events group by 1, 2
      ) as counted using (source, hour)
      where events_hourly.event_count is distinct from counted.event_count`,
  )
}
