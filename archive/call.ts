import { ARCHIVE_ERRORS, type BatchRejection, type Rejection } from '../core/archive.ts'
import type { VibeTeaError } from '../core/errors.ts'
import { quoted } from '../core/printable.ts'
import type { Timers } from '../core/timers.ts'
import { readAnswer, readError, type Taken } from './answer.ts'
import { retryAfterMs } from './backoff.ts'
import { failure, refusal, silence, unreachable, unreadable } from './problem.ts'

/** Where an archive is. */
export interface IngestPlace {
  /** The base of its functions, without a slash at the end. */
  url: string
  /** Its project's publishable key, where it wants one. */
  key: string | null
}

export interface CallOptions {
  place: IngestPlace
  fetch: typeof fetch
  timers: Timers
}

/** An answer is waited for no longer; a function itself has 150 s, and takes 1 for the largest call. */
export const DEADLINE_MS = 30_000
const LATE = new Error('no answer came in time')
/** Some more than a thousand rejected events take. */
const MAX_ANSWER_BYTES = 1024 * 1024

/** Errors of the contract that say something about what is in the call. */
const ABOUT_CONTENT = [
  'unknown_source',
  'invalid_signature',
  'source_mismatch',
  'invalid_event_type',
  'invalid_event',
  'invalid_request',
] as const satisfies (Rejection | BatchRejection)[]
export type ContentError = (typeof ABOUT_CONTENT)[number]

/** What became of a call. */
export type Outcome =
  | { kind: 'taken'; taken: Taken }
  /** What is in it does not count. */
  | { kind: 'content'; error: ContentError; message: string }
  | { kind: 'too_large'; message: string }
  /** The archive does not take calls as they are; trying again does not help by itself. */
  | { kind: 'refused'; problem: VibeTeaError }
  /** It may be taken the next time, and not before `retryAfterMs`. */
  | { kind: 'failed'; problem: VibeTeaError; retryAfterMs: number | null }

/** Calls `ingest` once with a body of so many batches. Never throws; null where `signal` ended it. */
export async function callIngest(
  { place, fetch: call, timers }: CallOptions,
  body: Uint8Array<ArrayBuffer>,
  batches: number,
  signal: AbortSignal,
): Promise<Outcome | null> {
  const ending = new AbortController()
  const end = () => ending.abort()
  const callOff = timers.after(DEADLINE_MS, () => ending.abort(LATE))
  signal.addEventListener('abort', end, { once: true })
  if (signal.aborted) end()
  const headers = { 'content-type': 'application/json', ...(place.key && { apikey: place.key }) }
  try {
    const response = await call(`${place.url}/ingest`, {
      method: 'POST',
      headers,
      body,
      // Whoever could redirect would be sent the key and the team's events.
      redirect: 'manual',
      signal: ending.signal,
    })
    return outcomeOf(response, await textOf(response), batches, timers.now())
  } catch (error) {
    if (signal.aborted) return null
    // Whatever `fetch` throws is about the way there.
    const problem = ending.signal.reason === LATE ? silence(DEADLINE_MS) : unreachable(error)
    return { kind: 'failed', problem, retryAfterMs: null }
  } finally {
    callOff()
    signal.removeEventListener('abort', end)
  }
}

function outcomeOf(
  { status, headers }: Response,
  text: string | null,
  batches: number,
  now: number,
): Outcome {
  const wait = retryAfterMs(headers.get('retry-after'), now)
  if (status >= 200 && status < 300) {
    const taken = text === null ? null : readAnswer(text, batches)
    return taken
      ? { kind: 'taken', taken }
      : { kind: 'failed', problem: unreadable(status), retryAfterMs: wait }
  }
  const { error, message } = readError(text ?? '')
  if (status === 408 || status === 429 || status >= 500) {
    return { kind: 'failed', problem: failure(status, message), retryAfterMs: wait }
  }
  const said = quoted(message ?? error ?? '')
  if (status === 413 || isAnswer(error, status, ['batch_too_large']))
    return { kind: 'too_large', message: said }
  if (isAnswer(error, status, ABOUT_CONTENT)) return { kind: 'content', error, message: said }
  return { kind: 'refused', problem: refusal(status, message) }
}

/** Whether an error is one of these, with the status that the contract gives it: a gateway has statuses of its own. */
function isAnswer<T extends keyof typeof ARCHIVE_ERRORS>(
  error: string | null,
  status: number,
  of: readonly T[],
): error is T {
  return (of as readonly (string | null)[]).includes(error) && ARCHIVE_ERRORS[error as T] === status
}

/** The body as text; null where it is too large, and then not read to its end. */
async function textOf(response: Response): Promise<string | null> {
  if (!response.body) return ''
  const reader = (response.body as ReadableStream<Uint8Array>).getReader()
  const decoder = new TextDecoder()
  let text = ''
  let size = 0
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    size += read.value.length
    if (size > MAX_ANSWER_BYTES) {
      await reader.cancel()
      return null
    }
    text += decoder.decode(read.value, { stream: true })
  }
  return text + decoder.decode()
}
