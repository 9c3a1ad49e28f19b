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

/**
 * Raw deflate (RFC 1951) with a preset dictionary. `inflate` throws where more than `maxBytes` would come out, and for
 * what is not one whole stream and nothing else: only one block must stand for a batch.
 */
export interface Codec {
  deflate(body: Uint8Array, dictionary: Uint8Array | null): Uint8Array
  inflate(body: Uint8Array, dictionary: Uint8Array | null, maxBytes: number): Uint8Array
}

export type Sign = (message: Uint8Array) => Uint8Array
export type Verify = (signature: Uint8Array, message: Uint8Array) => boolean

/**
 * The bytes that the device signs for a batch at index `seq`; `seq` is a little-endian 64-bit number. Throws a
 * RangeError for a scope or an index that none can be.
 */
export function signedBytes({ teamId, incarnation }: LogScope, seq: number, body: Uint8Array): Uint8Array {
  if (teamId.length !== 32 || incarnation.length !== 8) throw new RangeError('a scope is of 32 and 8 bytes')
  if (!Number.isSafeInteger(seq) || seq < 0) throw new RangeError('an index is a whole number from 0')
  const head = DOMAIN.length
  const out = new Uint8Array(head + 32 + 8 + 8 + body.length)
  out.set(DOMAIN)
  out.set(teamId, head)
  out.set(incarnation, head + 32)
  new DataView(out.buffer).setBigUint64(head + 40, BigInt(seq), true)
  out.set(body, head + 48)
  return out
}

/** Above this many bytes the dictionary brings nothing. */
const DICTIONARY_BELOW = 4096

/**
 * Packs events into the block at index `seq` of a log. Throws a RangeError for more than 500 events, 1 MiB of JSON or
 * 256 KiB of block.
 */
export function encodeBlock(
  events: readonly Event[],
  seq: number,
  scope: LogScope,
  sign: Sign,
  codec: Codec,
): Uint8Array {
  const body = new TextEncoder().encode(JSON.stringify(events))
  if (events.length > MAX_BLOCK_EVENTS) throw new RangeError(`a block holds ${MAX_BLOCK_EVENTS} events`)
  if (body.length > MAX_BODY_BYTES) throw new RangeError(`a block holds ${MAX_BODY_BYTES} bytes of JSON`)
  const useDictionary = body.length < DICTIONARY_BELOW
  const deflated = codec.deflate(body, useDictionary ? DICTIONARY : null)
  const isSmaller = deflated.length < body.length
  const stored = isSmaller ? deflated : body
  if (HEADER_BYTES + stored.length > MAX_BLOCK_BYTES)
    throw new RangeError(`a block has ${MAX_BLOCK_BYTES} bytes`)
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

/**
 * Reads the block at index `seq` of a log again; null where it is not a batch that its device signed for that place.
 * Throws as `signedBytes` does. That the events' `source` is the device's is for the caller to check.
 */
export function decodeBlock(
  block: Uint8Array,
  seq: number,
  scope: LogScope,
  verify: Verify,
  codec: Codec,
): Batch | null {
  if (block.length < HEADER_BYTES || block.length > MAX_BLOCK_BYTES || block[0] !== VERSION) return null
  const signature = block.subarray(1, 65)
  const body = bodyOf(block[65]!, block.subarray(HEADER_BYTES), codec)
  if (!body || !verify(signature, signedBytes(scope, seq, body))) return null
  const values = parseJson(body)
  if (!Array.isArray(values) || values.length > MAX_BLOCK_EVENTS) return null
  const events = values.map(parseEvent).filter((event) => event !== null)
  return { events, invalid: values.length - events.length, signature, body }
}

/** The JSON of a block; null where its flags or its deflate stream are wrong. */
function bodyOf(flags: number, stored: Uint8Array, codec: Codec): Uint8Array | null {
  if (flags === 0) return stored
  if (flags !== DEFLATED && flags !== (DEFLATED | WITH_DICTIONARY)) return null
  try {
    return codec.inflate(stored, flags & WITH_DICTIONARY ? DICTIONARY : null, MAX_BODY_BYTES)
  } catch {
    return null // the codec throws for what is no stream: a wrong block, which is skipped
  }
}

/** What UTF-8 JSON says; undefined where it is none. */
function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body))
  } catch {
    return undefined // signed, but no JSON: a wrong block, which is skipped
  }
}
