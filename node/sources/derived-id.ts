import { createHash } from 'node:crypto'
import { isUnique } from '../../core/natural-key.ts'

/** Ids for what an assistant gives none that stands for one thing wherever it occurs. */

/**
 * An id made of what stands for a thing for good, and in every copy of it: `isUnique` takes it for one. The parts must
 * tell the thing from any other of this machine, so times in milliseconds and counts, never a position in a file.
 */
export function derivedId(parts: readonly (string | number | null)[]): string {
  return `d${createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32)}`
}

/**
 * A call's id: the assistant's own where it is unique, else one within its message. Local servers and proxies count
 * anew in each answer (`call_0`), and a fork of a session repeats the message under another session's id.
 */
export function callIdWithin(messageId: string, callId: string): string {
  return isUnique(callId) ? callId : derivedId([messageId, callId])
}
