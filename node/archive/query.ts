import { VibeTeaError } from '../../core/errors.ts'
import { parseJson } from '../../core/json.ts'
import { quoted } from '../../core/printable.ts'
import { type ArchivedHours, readHours } from './hours.ts'

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
/** Bytes of an error that are read. */
const MAX_ERROR_BYTES = 16 * 1024

/**
 * Asks an archive for the events of each source in each hour of UTC of the last 30 days. Throws a VibeTeaError that says
 * what is wrong, with a code of `archive_unreachable`, `archive_refused`, `archive_failed` or `archive_unreadable`; where
 * `signal` ends the call, the first of these. Single rows that are none do not make an answer unreadable; where they are
 * more than the others it is.
 */
export async function queryArchive(
  { url, key, token }: ArchivePlace,
  call: typeof fetch,
  signal: AbortSignal,
): Promise<ArchivedHours> {
  const headers = {
    accept: 'application/json',
    authorization: `Bearer ${token}`,
    ...(key && { apikey: key }),
  }
  let response: Response
  try {
    // Whoever could redirect would be sent the keys.
    response = await call(`${url}/query?days=${DAYS}`, { headers, signal, redirect: 'manual' })
  } catch (cause) {
    throw unreachable(cause)
  }
  if (response.status !== 200) throw refusalOf(response.status, await messageOf(response))
  const hours = await readHours(partsOf(response))
  if (hours && hours.unreadable <= hours.counts.length) return hours
  throw new VibeTeaError(
    'archive_unreadable',
    'The archive’s answer is not one that this version understands.',
    'See that VIBETEA_SUPABASE_URL is where its functions are.',
  )
}

/** The body as it comes; an end before its end is an archive that does not answer. Who stops reading stops it. */
async function* partsOf({ body }: Response): AsyncGenerator<Uint8Array> {
  try {
    for await (const part of (body ?? []) as AsyncIterable<Uint8Array>) yield part
  } catch (cause) {
    throw unreachable(cause)
  }
}

function unreachable(cause: unknown): VibeTeaError {
  return new VibeTeaError(
    'archive_unreachable',
    'The archive does not answer.',
    'See whether VIBETEA_SUPABASE_URL can be reached from here.',
    { cause },
  )
}

/** What an error says of itself, as a sentence may carry it: of the archive's functions which setting is missing. */
async function messageOf(response: Response): Promise<string> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of partsOf(response)) {
    size += part.length
    if (size > MAX_ERROR_BYTES) return ''
    parts.push(part)
  }
  const { message } = Object(parseJson(Buffer.concat(parts).toString('utf8'))) as { message?: unknown }
  return typeof message === 'string' ? quoted(message) : ''
}

function refusalOf(status: number, message: string): VibeTeaError {
  if (status === 401 || status === 403) {
    return new VibeTeaError(
      'archive_refused',
      `The archive refused the token (${status}).`,
      'See that VIBETEA_SUBSCRIBER_TOKEN is the one that its query function has, and VIBETEA_SUPABASE_KEY the project’s.',
    )
  }
  if (status < 400) {
    return new VibeTeaError(
      'archive_failed',
      `The archive answered ${status}: it is somewhere else.`,
      'Set VIBETEA_SUPABASE_URL to where its functions are; nobody is followed elsewhere with the keys.',
    )
  }
  const said = message === '' ? '' : ` It says: “${message}”`
  const passes = status === 408 || status === 429 || status >= 500
  return new VibeTeaError(
    'archive_failed',
    `The archive answered ${status}.${said}`,
    passes ? 'It is asked again by itself.' : 'See that VIBETEA_SUPABASE_URL is where its functions are.',
  )
}
