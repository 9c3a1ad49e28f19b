import type { BucketCount } from '../../core/buckets.ts'
import { BUCKET_MS, bucketOf } from '../../core/buckets.ts'
import { VibeTeaError } from '../../core/errors.ts'
import { isSource } from '../../core/shapes.ts'

/** Where a team's archive is, and what lets one read it. */
export interface ArchivePlace {
  /** The base of its functions, without a slash at the end. */
  url: string
  /** Its project's publishable key, where it wants one. */
  key: string | null
  /** The bearer token of its `query` function. */
  token: string
}

/** All that the archive tells: a longer time has the shorter in it, so there is one answer to keep. */
const DAYS = 30
/** Some more than the hours of thirty days of 256 devices. */
const MAX_BYTES = 32 * 1024 * 1024
const MAX_COUNT = 1_000_000_000
const HOUR_MS = 3_600_000

/**
 * Asks an archive for the events of each source in each hour of UTC of the last 30 days; an hour is named by its first
 * bucket and comes once. Throws a VibeTeaError that says what is wrong, with a code of `archive_unreachable`,
 * `archive_refused`, `archive_failed` or `archive_unreadable`; where `signal` ends the call, the first of these.
 */
export async function queryArchive(
  { url, key, token }: ArchivePlace,
  call: typeof fetch,
  signal: AbortSignal,
): Promise<BucketCount[]> {
  const headers = {
    accept: 'application/json',
    authorization: `Bearer ${token}`,
    ...(key && { apikey: key }),
  }
  let status: number
  let text: string | null
  try {
    // Whoever could redirect would be sent the keys.
    const response = await call(`${url}/query?days=${DAYS}`, { headers, signal, redirect: 'manual' })
    status = response.status
    text = await textOf(response)
  } catch (cause) {
    throw new VibeTeaError(
      'archive_unreachable',
      'The archive does not answer.',
      'See whether VIBETEA_SUPABASE_URL can be reached from here.',
      { cause },
    )
  }
  if (status !== 200) throw refusalOf(status)
  const counts = text === null ? null : countsOf(text)
  if (counts) return counts
  throw new VibeTeaError(
    'archive_unreadable',
    'The archive’s answer is not one that this version understands.',
    'See that VIBETEA_SUPABASE_URL is where its functions are.',
  )
}

/** The body, or null where it is too large; what follows is not read then. */
async function textOf(response: Response): Promise<string | null> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    size += part.length
    if (size > MAX_BYTES) return null
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}

function refusalOf(status: number): VibeTeaError {
  if (status === 401 || status === 403) {
    return new VibeTeaError(
      'archive_refused',
      `The archive refused the token (${status}).`,
      'See that VIBETEA_SUBSCRIBER_TOKEN is the one that its query function has, and VIBETEA_SUPABASE_KEY the project’s.',
    )
  }
  const remedy =
    status === 404
      ? 'See that VIBETEA_SUPABASE_URL is where its functions are.'
      : 'It is asked again by itself.'
  return new VibeTeaError('archive_failed', `The archive answered ${status}.`, remedy)
}

/** Reads `{aggregates: [{source, date, hour, eventCount}]}`; null where anything in it is something else. */
function countsOf(text: string): BucketCount[] | null {
  let answer: unknown
  try {
    answer = JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
  const { aggregates } = Object(answer) as { aggregates?: unknown }
  if (!Array.isArray(aggregates)) return null
  const hours = new Map<string, BucketCount>()
  for (const row of aggregates as unknown[]) {
    const count = countOf(row)
    if (!count) return null
    hours.set(`${count.source} ${count.bucket}`, count)
  }
  return [...hours.values()]
}

function countOf(row: unknown): BucketCount | null {
  const { source, date, hour, eventCount } = Object(row) as Record<string, unknown>
  const isDate = typeof date === 'string' && /^\d{4}-\d\d-\d\d$/.test(date)
  const day = isDate ? Date.parse(`${date}T00:00:00Z`) : NaN
  if (!isSource(source) || Number.isNaN(day) || !isWhole(hour, 23) || !isWhole(eventCount, MAX_COUNT))
    return null
  return { source, bucket: bucketOf(day + hour * HOUR_MS), count: eventCount }
}

function isWhole(value: unknown, max: number): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= max
}

/** The counts that fall into a time, ms since 1970. */
export function within(counts: readonly BucketCount[], from: number, to: number): BucketCount[] {
  return counts.filter(({ bucket }) => bucket * BUCKET_MS >= from && bucket * BUCKET_MS < to)
}
