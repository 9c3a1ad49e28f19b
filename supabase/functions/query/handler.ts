import type { Database } from '../_shared/database.ts'
import { DEFAULT_QUERY_DAYS, isSource, QUERY_DAYS, type QueryAnswer } from '../_shared/core.js'
import { required, type Secrets } from '../_shared/environment.ts'
import { Refused, respond } from '../_shared/http.ts'

export interface QueryOptions {
  database: Database
  secrets: Secrets
  /** ms since 1970. */
  now: () => number
  log: (error: unknown) => void
}

/** `GET /query?days=7|30&source`, with the subscriber's token: how many events each source has in each hour of UTC. */
export function queryHandler({ database, secrets, now, log }: QueryOptions) {
  return (request: Request): Promise<Response> =>
    respond(request, 'GET', log, async (): Promise<QueryAnswer> => {
      await authorize(request.headers.get('authorization'), required(secrets, 'VIBETEA_SUBSCRIBER_TOKEN'))
      const { searchParams } = new URL(request.url)
      const days = daysOf(searchParams.get('days'))
      const source = searchParams.get('source')
      // What no event can have, the database need not be able to read.
      const isNobodys = source !== null && !isSource(source)
      const aggregates = isNobodys ? [] : await database.hourlyAggregates(days, source)
      const fetchedAt = new Date(now()).toISOString()
      return { aggregates, meta: { totalCount: aggregates.length, daysRequested: days, fetchedAt } }
    })
}

async function authorize(header: string | null, token: string): Promise<void> {
  const given = /^Bearer +(\S+)$/i.exec(header?.trim() ?? '')?.[1]
  if (given === undefined) throw new Refused('missing_auth', 'Send Authorization: Bearer <token>.')
  if (!(await isSame(given, token))) {
    throw new Refused('invalid_token', 'The token is not the one in VIBETEA_SUBSCRIBER_TOKEN.')
  }
}

/** Takes as long whatever is given: of texts of any length only hashes are compared, and those to their end. */
async function isSame(a: string, b: string): Promise<boolean> {
  const hash = async (text: string) =>
    new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)))
  const [left, right] = await Promise.all([hash(a), hash(b)])
  return left.reduce((difference, byte, i) => difference | (byte ^ right[i]!), 0) === 0
}

function daysOf(text: string | null): number {
  if (text === null) return DEFAULT_QUERY_DAYS
  const days = QUERY_DAYS.find((each) => String(each) === text)
  if (days === undefined) throw new Refused('invalid_days', `days is one of ${QUERY_DAYS.join(', ')}.`)
  return days
}
