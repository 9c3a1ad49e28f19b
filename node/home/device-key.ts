import type { KeyObject } from 'node:crypto'
import { createPrivateKey, sign as cryptoSign } from 'node:crypto'
import * as sodium from 'sodium-universal'
import type { Blake2b } from '../../core/hash.ts'
import { derive, portableBlake2b, z32Prefix } from '../../core/hash.ts'
import type { VerifyWith } from '../../core/identity.ts'
import { isUsableKey, publicKeyOf } from '../../core/identity.ts'

/** Ed25519 through native code, which signs and verifies ten times and more as fast as the portable code of `core`. */

/** DER before the 32 bytes of a secret (PKCS #8) and of a public key (SubjectPublicKeyInfo), RFC 8410. */
const SECRET_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex')
const SIGNATURE_BYTES = 64

/** This device's identity. It signs and derives, and never gives out the secret. */
export class DeviceKey {
  /** 32 bytes. */
  readonly publicKey: Uint8Array
  /** z32 of the public key, 52 characters. */
  readonly device: string
  readonly #secret: Uint8Array
  readonly #key: KeyObject
  readonly #hash: Blake2b

  /** `secret` has 32 bytes. */
  constructor(secret: Uint8Array, hash: Blake2b = portableBlake2b) {
    this.#secret = Uint8Array.from(secret)
    this.#key = createPrivateKey({
      key: Buffer.concat([SECRET_PREFIX, this.#secret]),
      format: 'der',
      type: 'pkcs8',
    })
    this.#hash = hash
    this.publicKey = publicKeyOf(this.#secret)
    this.device = z32Prefix(this.publicKey, 52)
  }

  /** The Ed25519 signature of a message, 64 bytes. */
  sign(message: Uint8Array): Uint8Array {
    return new Uint8Array(cryptoSign(null, message, this.#key))
  }

  /**
   * The key pair as Hypercore takes it: `secretKey` is seed ‖ public key, 64 bytes. For its appends alone, which sign by
   * themselves; whoever asks keeps it nowhere.
   */
  keyPair(): { publicKey: Uint8Array; secretKey: Uint8Array } {
    return { publicKey: this.publicKey, secretKey: Buffer.concat([this.#secret, this.publicKey]) }
  }

  /** H(device secret, label, inputs) of the protocol: 32 bytes. */
  derive(label: string, inputs: readonly (string | Uint8Array)[] = []): Uint8Array {
    return derive(this.#secret, label, inputs, this.#hash)
  }
}

/** Verifies signatures of one public key of 32 bytes. A key that is malformed or of small order verifies nothing. */
export function verifier(publicKey: Uint8Array): (signature: Uint8Array, message: Uint8Array) => boolean {
  if (!isUsableKey(publicKey)) return () => false
  // libsodium takes half as long as node:crypto; it throws for a signature of another length.
  return (signature, message) =>
    signature.length === SIGNATURE_BYTES && sodium.crypto_sign_verify_detached(signature, message, publicKey)
}

/** Of so many keys the verifiers are kept: a team has 256 devices at most, and its epochs a few issuers. */
const MAX_VERIFIERS = 4096

/** Verifies signatures of many keys, each of which is checked and prepared once. */
export function manyVerifier(): VerifyWith {
  const verifiers = new Map<string, ReturnType<typeof verifier>>()
  return (signature, message, publicKey) => {
    if (signature.length !== 64 || publicKey.length !== 32) return false
    const name = Buffer.from(publicKey).toString('latin1')
    let verify = verifiers.get(name)
    if (!verify) {
      if (verifiers.size >= MAX_VERIFIERS) verifiers.clear()
      verify = verifier(Uint8Array.from(publicKey))
      verifiers.set(name, verify)
    }
    return verify(signature, message)
  }
}

/** The one of this process. */
export const verifyWith: VerifyWith = manyVerifier()
