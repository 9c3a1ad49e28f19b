import { isUsableKey, keyText } from './core.js'

type Key = Awaited<ReturnType<typeof crypto.subtle.importKey>>

/** Checked keys are kept while the function lives: to check one takes longer than to verify a signature. */
const keys = new Map<string, Promise<Key | null>>()
const MAX_KEYS = 1024

/**
 * Whether a signature (64 bytes) of a message is by a public key (32 bytes). False for a malformed key, and for one of
 * small order, with which any message would verify.
 */
export async function verifySignature(
  signature: Uint8Array,
  message: Uint8Array,
  publicKey: Uint8Array,
): Promise<boolean> {
  if (signature.length !== 64 || publicKey.length !== 32) return false
  const key = await keyOf(publicKey)
  return key !== null && crypto.subtle.verify('Ed25519', key, signature, message)
}

function keyOf(publicKey: Uint8Array): Promise<Key | null> {
  const name = keyText(publicKey)
  let key = keys.get(name)
  if (!key) {
    if (keys.size >= MAX_KEYS) keys.clear()
    key = isUsableKey(publicKey)
      ? crypto.subtle.importKey('raw', publicKey, 'Ed25519', false, ['verify'])
      : Promise.resolve(null)
    keys.set(name, key)
  }
  return key
}
