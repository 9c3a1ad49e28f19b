import type { Event } from './events.ts'
import { parseEvent } from './events.ts'
import { DICTIONARY } from './dictionary.ts'

/**
 * A block of a log: version ‖ signature (64) ‖ flags ‖ body, the body deflated where that is smaller. In a log of events
 * the body is a JSON array of events; `state-block.ts` has the other kind. The signature covers
 * `domain ‖ teamId ‖ incarnation ‖ seq ‖ uncompressed body`, so a block means nothing in another team, log or place.
 * These constants are in people's logs: never change or reuse one.
 */
const VERSION = 1
const DEFLATED = 1
const WITH_DICTIONARY = 2
const HEADER_BYTES = 1 + 64 + 1

export const MAX_BLOCK_BYTES = 256 * 1024
export const MAX_BODY_BYTES = 1024 * 1024
export const MAX_BLOCK_EVENTS = 500

/** What stands in the blocks of a log. */
export interface BlockKind {
  /** What the signature begins with. */
  domain: Uint8Array
  maxBodyBytes: number
  /** For small bodies. */
  dictionary: Uint8Array | null
}

const BATCH: BlockKind = {
  domain: new TextEncoder().encode('vibetea/batch/1'),
  maxBodyBytes: MAX_BODY_BYTES,
  dictionary: DICTIONARY,
}

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
export function signedBytes(scope: LogScope, seq: number, body: Uint8Array, kind = BATCH): Uint8Array {
  const { teamId, incarnation } = scope
  if (teamId.length !== 32 || incarnation.length !== 8) throw new RangeError('a scope is of 32 and 8 bytes')
  if (!Number.isSafeInteger(seq) || seq < 0) throw new RangeError('an index is a whole number from 0')
  const head = kind.domain.length
  const out = new Uint8Array(head + 32 + 8 + 8 + body.length)
  out.set(kind.domain)
  out.set(teamId, head)
  out.set(incarnation, head + 32)
  new DataView(out.buffer).setBigUint64(head + 40, BigInt(seq), true)
  out.set(body, head + 48)
  return out
}

/** Above this many bytes the dictionary brings nothing. */
const DICTIONARY_BELOW = 4096

/** Packs a body into the block at index `seq` of a log. Throws a RangeError for a body or a block that is too large. */
export function encodeFrame(
  kind: BlockKind,
  body: Uint8Array,
  seq: number,
  scope: LogScope,
  sign: Sign,
  codec: Codec,
): Uint8Array {
  if (body.length > kind.maxBodyBytes) throw new RangeError(`a body has at most ${kind.maxBodyBytes} bytes`)
  const dictionary = body.length < DICTIONARY_BELOW ? kind.dictionary : null
  const deflated = codec.deflate(body, dictionary)
  const isSmaller = deflated.length < body.length
  const stored = isSmaller ? deflated : body
  if (HEADER_BYTES + stored.length > MAX_BLOCK_BYTES)
    throw new RangeError(`a block has at most ${MAX_BLOCK_BYTES} bytes`)
  const out = new Uint8Array(HEADER_BYTES + stored.length)
  out[0] = VERSION
  out.set(sign(signedBytes(scope, seq, body, kind)), 1)
  out[65] = isSmaller ? DEFLATED | (dictionary ? WITH_DICTIONARY : 0) : 0
  out.set(stored, HEADER_BYTES)
  return out
}

/** What a device signed. */
export interface Frame {
  signature: Uint8Array
  body: Uint8Array
}

/** Reads one again; null where it is not of its kind, or not signed for that place. Throws as `signedBytes` does. */
export function decodeFrame(
  kind: BlockKind,
  block: Uint8Array,
  seq: number,
  scope: LogScope,
  verify: Verify,
  codec: Codec,
): Frame | null {
  if (block.length < HEADER_BYTES || block.length > MAX_BLOCK_BYTES || block[0] !== VERSION) return null
  const signature = block.subarray(1, 65)
  const body = bodyOf(kind, block[65]!, block.subarray(HEADER_BYTES), codec)
  return body && verify(signature, signedBytes(scope, seq, body, kind)) ? { signature, body } : null
}

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
  if (events.length > MAX_BLOCK_EVENTS) throw new RangeError(`a block holds ${MAX_BLOCK_EVENTS} events`)
  const body = new TextEncoder().encode(JSON.stringify(events))
  return encodeFrame(BATCH, body, seq, scope, sign, codec)
}

/** The signed JSON, for whoever passes the batch on, and what it says. */
export interface Batch extends Frame {
  events: Event[]
  /** Events of the batch that were not valid, and were left out. */
  invalid: number
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
  const frame = decodeFrame(BATCH, block, seq, scope, verify, codec)
  const values = frame && batchValues(frame.body)
  if (!values) return null
  const events = values.map(parseEvent).filter((event) => event !== null)
  return { events, invalid: values.length - events.length, ...frame }
}

/** What stands in the signed JSON of a batch, each an event or not; null where it is no list of at most 500. */
export function batchValues(body: Uint8Array): unknown[] | null {
  const values = parseJson(body)
  return Array.isArray(values) && values.length <= MAX_BLOCK_EVENTS ? values : null
}

/** The body of a block; null where its flags or its deflate stream are wrong, or it is too large. */
function bodyOf(kind: BlockKind, flags: number, stored: Uint8Array, codec: Codec): Uint8Array | null {
  if (flags === 0) return stored.length <= kind.maxBodyBytes ? stored : null
  const dictionary = flags & WITH_DICTIONARY ? kind.dictionary : null
  if (flags !== (DEFLATED | (dictionary ? WITH_DICTIONARY : 0))) return null
  try {
    return codec.inflate(stored, dictionary, kind.maxBodyBytes)
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
