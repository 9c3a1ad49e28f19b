import {
  crypto_aead_xchacha20poly1305_ietf_decrypt_detached as decrypt,
  crypto_aead_xchacha20poly1305_ietf_encrypt_detached as encrypt,
} from 'sodium-universal'
import { equalBytes, uint64 } from '../../core/bytes.ts'
import { VibeTeaError } from '../../core/errors.ts'
import { blockKeyOf, epochIdOf } from '../../core/secrets.ts'

/**
 * A block as it stands in a team's log: version ‖ epoch id (4) ‖ nonce (24) ‖ tag (16) ‖ ciphertext, XChaCha20-Poly1305
 * under the key of the epoch's R and the log. The block's index (8, little-endian) is authenticated with it. So a wrong
 * key, another log and another place are noticed.
 */
const VERSION = 1
const NONCE_AT = 1 + 4
const TAG_AT = NONCE_AT + 24
const HEADER_BYTES = TAG_AT + 16

/** What sealing adds to a block. */
export const SEAL_BYTES = HEADER_BYTES

/** Which epoch's key a sealed block says it needs. */
export function epochIdIn(sealed: Uint8Array): Uint8Array {
  return sealed.subarray(1, NONCE_AT)
}

/** The content keys, R, of the epochs that a device knows. */
export interface ContentKeys {
  /** Of the epoch in which it writes; null for a mirror. */
  readonly current: Uint8Array | null
  byId(epochId: Uint8Array): Uint8Array | null
}

/** The keys of who knows one epoch alone: its R, or null for a mirror, which opens nothing. */
export function contentKeysOf(read: Uint8Array | null): ContentKeys {
  const id = read && epochIdOf(read)
  return { current: read, byId: (epochId) => (id && equalBytes(epochId, id) ? read : null) }
}

/** Seals and opens the blocks of one log. */
export class Seal {
  readonly #core: Uint8Array
  readonly #keys: ContentKeys
  readonly #random: (bytes: number) => Uint8Array
  /** Keys of this log by epoch id, as text; there are as many as epochs. */
  readonly #blockKeys = new Map<string, Uint8Array>()
  /** What the current R gives. */
  #current: { read: Uint8Array; epochId: Uint8Array; blockKey: Uint8Array } | null = null

  /** `core` is the log's key, 32 bytes. */
  constructor(core: Uint8Array, keys: ContentKeys, random: (bytes: number) => Uint8Array) {
    this.#core = core
    this.#keys = keys
    this.#random = random
  }

  /** Seals the block at index `seq`. Throws a `VibeTeaError` where the device holds no content key. */
  seal(block: Uint8Array, seq: number): Uint8Array {
    const read = this.#keys.current
    if (!read) {
      throw new VibeTeaError(
        'no_content_key',
        'This device holds no key of the team with which to write.',
        'Join with a team key that is no mirror key.',
      )
    }
    if (this.#current?.read !== read) {
      this.#current = { read, epochId: epochIdOf(read), blockKey: blockKeyOf(read, this.#core) }
    }
    const sealed = new Uint8Array(HEADER_BYTES + block.length)
    sealed[0] = VERSION
    sealed.set(this.#current.epochId, 1)
    sealed.set(this.#random(24), NONCE_AT)
    encrypt(
      sealed.subarray(HEADER_BYTES),
      sealed.subarray(TAG_AT, HEADER_BYTES),
      block,
      uint64(seq),
      null,
      sealed.subarray(NONCE_AT, TAG_AT),
      this.#current.blockKey,
    )
    return sealed
  }

  /** Opens the block at index `seq`. Throws a `VibeTeaError`: `not_sealed`, `epoch_key_missing`, `wrong_block_key`. */
  open(sealed: Uint8Array, seq: number): Uint8Array {
    if (sealed.length < HEADER_BYTES || sealed[0] !== VERSION) {
      throw new VibeTeaError('not_sealed', 'This block is not encrypted as the blocks of a team are.')
    }
    const key = this.#blockKey(epochIdIn(sealed))
    const block = new Uint8Array(sealed.length - HEADER_BYTES)
    try {
      decrypt(
        block,
        null,
        sealed.subarray(HEADER_BYTES),
        sealed.subarray(TAG_AT, HEADER_BYTES),
        uint64(seq),
        sealed.subarray(NONCE_AT, TAG_AT),
        key,
      )
    } catch (error) {
      throw new VibeTeaError(
        'wrong_block_key',
        'This block was encrypted with another key, for another place, or was changed.',
        '',
        { cause: error },
      )
    }
    return block
  }

  #blockKey(epochId: Uint8Array): Uint8Array {
    const name = Buffer.from(epochId).toString('hex')
    const known = this.#blockKeys.get(name)
    if (known) return known
    const read = this.#keys.byId(epochId)
    if (!read) {
      throw new VibeTeaError(
        'epoch_key_missing',
        'This block was encrypted in an epoch of the team whose key this device does not have.',
      )
    }
    const key = blockKeyOf(read, this.#core)
    this.#blockKeys.set(name, key)
    return key
  }
}
