import { crypto_generichash } from 'sodium-universal'
import type { Blake2b } from '../../core/hash.ts'

/** libsodium's BLAKE2b: the same bytes as core's portable one, about ten times as fast. */
export const nativeBlake2b: Blake2b = (key, message) => {
  const out = new Uint8Array(32)
  crypto_generichash(out, message, key)
  return out
}
