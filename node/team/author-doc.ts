import * as Y from 'yjs'
import { derive } from '../../core/hash.ts'

/**
 * Each author has one Yjs document, written by its own updates alone. So what an author can do to it, even with bytes
 * made for the purpose, ends with its own document.
 */

/** An update, and a document's state, at most, in bytes. */
export const MAX_STATE_BYTES = 64 * 1024
/** No honest document counts so far; and numbers beyond 2^53 are not exact. */
const MAX_CLOCK = 2 ** 31

/**
 * The client id of a device and incarnation in its document: the first four bytes, little-endian, of H(device public
 * key, "yjs", incarnation). `device` has 32 bytes, `incarnation` 8.
 */
export function clientIdOf(device: Uint8Array, incarnation: Uint8Array): number {
  const bytes = derive(device, 'yjs', [incarnation])
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true)
}

/**
 * The state of an author's document (null for an empty one) after one more update, or null where the update is refused:
 * it is too large or malformed, writes or deletes what is another client's, needs something that is not there, or makes
 * the document too large. The state given stays as it was. Never throws.
 */
export function withUpdate(
  state: Uint8Array | null,
  update: Uint8Array,
  clientId: number,
): Uint8Array | null {
  if (update.length > MAX_STATE_BYTES) return null
  const doc = new Y.Doc()
  try {
    // Decoded first, for applying believes the counts that an update states, and makes room for them.
    if (!isOf(Y.decodeUpdate(update), clientId)) return null
    if (state) Y.applyUpdate(doc, state)
    Y.applyUpdate(doc, update)
    const { pendingStructs, pendingDs } = doc.store
    if (pendingStructs || pendingDs) return null
    const next = Y.encodeStateAsUpdate(doc)
    return next.length <= MAX_STATE_BYTES ? next : null
  } catch {
    return null // every malformed update is refused alike, whatever Yjs says of it
  } finally {
    doc.destroy()
  }
}

/** A document of one state (null for an empty one). */
export function docOf(state: Uint8Array | null): Y.Doc {
  const doc = new Y.Doc()
  if (state) Y.applyUpdate(doc, state)
  return doc
}

/** Whether all that an update writes and deletes is one client's, without holes, in the order in which Yjs writes it. */
function isOf({ structs, ds }: ReturnType<typeof Y.decodeUpdate>, clientId: number): boolean {
  for (const struct of structs) {
    const { id, length } = struct
    if (id.client !== clientId || struct instanceof Y.Skip || length < 1) return false
    if (id.clock + length > MAX_CLOCK) return false
  }
  for (const [client, ranges] of ds.clients) {
    let end = 0
    for (const { clock, len } of ranges) {
      // Ranges that overlap would cost the product of their number and the document's length.
      if (client !== clientId || clock < end || clock + len > MAX_CLOCK) return false
      end = clock + len
    }
  }
  return true
}
