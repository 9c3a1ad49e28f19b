import type { RefusedReason, Verdict } from './port.ts'

export const KNOWN: Verdict = { kind: 'known' }
export const NEW: Verdict = { kind: 'new' }
export const refused = (reason: RefusedReason): Verdict => ({ kind: 'refused', reason })

/** Names something by its bytes in a map. */
export const idOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
