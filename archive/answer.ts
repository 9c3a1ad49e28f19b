import { MAX_INGEST_EVENTS, type Rejection } from '../core/archive.ts'
import { parseJson } from '../core/json.ts'

/** The reasons that this version knows; those of a later archive are counted as `other`. */
const REJECTIONS: readonly string[] = [
  'invalid_event',
  'invalid_event_type',
  'source_mismatch',
  'too_old',
  'too_new',
  'unknown_source',
  'invalid_signature',
  'invalid_request',
] satisfies Rejection[]

export type RejectedAs = Rejection | 'other'

/** What the archive left out of a batch. */
export interface LeftOut {
  /** Why nothing of it counts; null where some of it may. */
  whole: RejectedAs | null
  /** Of single events, how many for each reason. */
  events: Map<RejectedAs, number>
}

/** What the archive says of a call that it took. */
export interface Taken {
  inserted: number
  /** By the batch's place in the call. */
  leftOut: Map<number, LeftOut>
}

/** Reads the answer to a call of so many batches; null where it is none: nothing that follows from it is sure then. */
export function readAnswer(text: string, batches: number): Taken | null {
  // An archive that leaves nothing out need not say so.
  const { inserted, rejected = [] } = Object(parseJson(text)) as { inserted?: unknown; rejected?: unknown }
  if (!isCount(inserted) || !Array.isArray(rejected) || rejected.length > MAX_INGEST_EVENTS + batches)
    return null
  const leftOut = new Map<number, LeftOut>()
  for (const each of rejected as unknown[]) {
    const { batch, index, error } = Object(each) as Record<string, unknown>
    if (!isCount(batch) || batch >= batches || typeof error !== 'string') return null
    if (index !== null && !(isCount(index) && index < MAX_INGEST_EVENTS)) return null
    const of = leftOut.get(batch) ?? { whole: null, events: new Map<RejectedAs, number>() }
    const reason = REJECTIONS.includes(error) ? (error as Rejection) : 'other'
    if (index === null) of.whole = reason
    else of.events.set(reason, (of.events.get(reason) ?? 0) + 1)
    leftOut.set(batch, of)
  }
  return { inserted: Math.min(inserted, MAX_INGEST_EVENTS), leftOut }
}

/** `error` and `message` of an answer, where they are text. */
export function readError(text: string): { error: string | null; message: string | null } {
  const { error, message } = Object(parseJson(text)) as Record<string, unknown>
  const textOf = (value: unknown) => (typeof value === 'string' ? value : null)
  return { error: textOf(error), message: textOf(message) }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}
