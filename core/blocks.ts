import type { Event } from './events.ts'
import { parseEvent } from './events.ts'
import { DICTIONARY } from './dictionary.ts'

/**
 * A block of a log: version ‖ signature (64) ‖ flags ‖ body. The body is a JSON array of events, deflated where that is
 * smaller. The signature covers `"vibetea/batch/1" ‖ teamId ‖ incarnation ‖ seq ‖ uncompressed body`, so a batch means
 * nothing in another team, log or place. These constants are in people's logs: never change or reuse one.
 */
const VERSION = 1
const DEFLATED = 1
const WITH_DICTIONARY = 2
const DOMAIN = new TextEncoder().encode('vibetea/batch/1')
const HEADER_BYTES = 1 + 64 + 1

export const MAX_BLOCK_BYTES = 256 * 1024
export const MAX_BODY_BYTES = 1024 * 1024
export const MAX_BLOCK_EVENTS = 500

/** The log in which a block stands. In the private log both are zero bytes. */
export interface LogScope {
  /** 32 bytes. */
  teamId: Uint8Array
  /** 8 bytes. */
  incarnation: Uint8Array
}

export const PRIVATE_SCOPE: LogScope = { teamId: new Uint8Array(32), incarnation: new Uint8Array(8) }

/** Raw deflate (RFC 1951) with a preset dictionary; `inflate` throws where more than `maxBytes` would come out. */
export interface Codec {
  deflate(body: Uint8Array, dictionary: Uint8Array | null): Uint8Array
  inflate(body: Uint8Array, dictionary: Uint8Array | null, maxBytes: number): Uint8Array
}

export type Sign = (message: Uint8Array) => Uint8Array
export type Verify = (signature: Uint8Array, message: Uint8Array) => boolean

/** The bytes that the device signs for a batch at index `seq`; `seq` is a little-endian 64-bit number. */
export function signedBytes(scope: LogScope, seq: number, body: Uint8Array): Uint8Array {
  const head = DOMAIN.length
  const out = new Uint8Array(head + 32 + 8 + 8 + body.length)
  out.set(DOMAIN)
  out.set(scope.teamId, head)
  out.set(scope.incarnation, head + 32)
  new DataView(out.buffer).setBigUint64(head + 40, BigInt(seq), true)
  out.set(body, head + 48)
  return out
}

/** Above this many bytes the dictionary brings nothing. */
const DICTIONARY_BELOW = 4096

/** Packs events into the block at index `seq` of a log. At most 500 events, and 1 MiB of JSON. */
export function encodeBlock(
  events: readonly Event[],
  seq: number,
  scope: LogScope,
  sign: Sign,
  codec: Codec,
): Uint8Array {
  const body = new TextEncoder().encode(JSON.stringify(events))
  if (events.length > MAX_BLOCK_EVENTS || body.length > MAX_BODY_BYTES) {
    throw new RangeError(`a block holds ${MAX_BLOCK_EVENTS} events and ${MAX_BODY_BYTES} bytes`)
  }
  const useDictionary = body.length < DICTIONARY_BELOW
  const deflated = codec.deflate(body, useDictionary ? DICTIONARY : null)
  const isSmaller = deflated.length < body.length
  const stored = isSmaller ? deflated : body
  const out = new Uint8Array(HEADER_BYTES + stored.length)
  out[0] = VERSION
  out.set(sign(signedBytes(scope, seq, body)), 1)
  out[65] = isSmaller ? DEFLATED | (useDictionary ? WITH_DICTIONARY : 0) : 0
  out.set(stored, HEADER_BYTES)
  return out
}

export interface Batch {
  events: Event[]
  /** Events of the batch that were not valid, and were left out. */
  invalid: number
  signature: Uint8Array
  /** The signed JSON, for whoever passes the batch on. */
  body: Uint8Array
}

/** Reads the block at index `seq` of a log again; null where it is not a batch that its device signed for that place. */
export function decodeBlock(
  block: Uint8Array,
  seq: number,
  scope: LogScope,
  verify: Verify,
  codec: Codec,
): Batch | null {
  if (block.length < HEADER_BYTES || block.length > MAX_BLOCK_BYTES || block[0] !== VERSION) return null
  const flags = block[65]!
  if ((flags & ~(DEFLATED | WITH_DICTIONARY)) !== 0) return null
  const stored = block.subarray(HEADER_BYTES)
  const signature = block.subarray(1, 65)
  let values: unknown
  let body: Uint8Array
  try {
    const dictionary = flags & WITH_DICTIONARY ? DICTIONARY : null
    body = flags & DEFLATED ? codec.inflate(stored, dictionary, MAX_BODY_BYTES) : stored
    if (!verify(signature, signedBytes(scope, seq, body))) return null
    values = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch {
    return null
  }
  if (!Array.isArray(values) || values.length > MAX_BLOCK_EVENTS) return null
  const events = values.map(parseEvent).filter((event) => event !== null)
  return { events, invalid: values.length - events.length, signature, body }
}
