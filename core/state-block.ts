import type { BlockKind, Codec, LogScope, Sign, Verify } from './blocks.ts'
import { decodeFrame, encodeFrame } from './blocks.ts'

/** A block of a state log: framed like a batch of events; its body is one update of the author's own document. */
const STATE: BlockKind = {
  domain: new TextEncoder().encode('vibetea/state/1'),
  maxBodyBytes: 64 * 1024,
  dictionary: null,
}

/** Bytes of an update. */
export const MAX_UPDATE_BYTES = STATE.maxBodyBytes

/** Packs an update into the block at index `seq` of a state log. Throws a RangeError for more than 64 KiB. */
export function encodeStateBlock(
  update: Uint8Array,
  seq: number,
  scope: LogScope,
  sign: Sign,
  codec: Codec,
): Uint8Array {
  return encodeFrame(STATE, update, seq, scope, sign, codec)
}

/** The update in the block at index `seq`; null where it is none that its device signed for that place. */
export function decodeStateBlock(
  block: Uint8Array,
  seq: number,
  scope: LogScope,
  verify: Verify,
  codec: Codec,
): Uint8Array | null {
  return decodeFrame(STATE, block, seq, scope, verify, codec)?.body ?? null
}
