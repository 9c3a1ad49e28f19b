import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { VibeTeaError } from '../../core/errors.ts'
import type { Blake2b } from '../../core/hash.ts'
import { portableBlake2b } from '../../core/hash.ts'
import { DeviceKey } from './device-key.ts'
import { errorCode, fileError, makeDirectory, READABLE, tighten, writeNew, writeWhole } from './files.ts'
import type { Warn } from './home.ts'

const SECRET_BYTES = 32

export interface KeyOptions {
  /** The directory of `key.priv` (32 raw bytes, 0600) and `key.pub` (base64, 0644). Made where it does not exist. */
  keyPath: string
  /** The secret from the settings, 32 bytes; it wins, and no file is read or written. */
  privateKey: Uint8Array | null
  /** Gives that many random bytes. */
  random: (bytes: number) => Uint8Array
  warn: Warn
  hash?: Blake2b
}

/**
 * This device's key, made at the first start and never overwritten. Throws a `VibeTeaError`: `invalid_key` where
 * `key.priv` is not a key, `key_missing` where only `key.pub` is there, else what the file system says.
 */
export async function loadDeviceKey(options: KeyOptions): Promise<DeviceKey> {
  const { keyPath, privateKey, random, warn, hash = portableBlake2b } = options
  if (privateKey) return new DeviceKey(privateKey, hash)
  try {
    await makeDirectory(keyPath)
  } catch (error) {
    throw fileError(error, keyPath, 'used for the device key')
  }
  const secret = (await readSecret(keyPath, warn)) ?? (await makeSecret(keyPath, random, warn))
  const key = new DeviceKey(secret, hash)
  await keepPublicKey(join(keyPath, 'key.pub'), Buffer.from(key.publicKey).toString('base64'), warn)
  return key
}

/** null where there is none. */
async function readSecret(keyPath: string, warn: Warn): Promise<Uint8Array | null> {
  const path = join(keyPath, 'key.priv')
  let secret
  try {
    // Before it is read: what is no plain file would hang or never end.
    if (!(await stat(path)).isFile()) throw notAKey(path, 'is not a file')
    secret = await readFile(path)
    if (await tighten(path)) {
      warn(`${path} could be read by other users of this machine; it now is readable by you alone (0600).`)
    }
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null
    throw fileError(error, path, 'read')
  }
  if (secret.length !== SECRET_BYTES) {
    throw notAKey(path, `holds ${secret.length} bytes, and a device key has exactly ${SECRET_BYTES}`)
  }
  return secret
}

function notAKey(path: string, why: string): VibeTeaError {
  return new VibeTeaError(
    'invalid_key',
    `${path} is not a device key: it ${why}.`,
    'Put the right file back, or move it and key.pub away: the next start then makes a new identity.',
  )
}

async function makeSecret(keyPath: string, random: KeyOptions['random'], warn: Warn): Promise<Uint8Array> {
  if ((await readPublicKey(join(keyPath, 'key.pub'))) !== null) {
    throw new VibeTeaError(
      'key_missing',
      `${join(keyPath, 'key.priv')} is missing, though key.pub beside it says that this device has a key.`,
      'Put it back, or move key.pub away: the next start then makes a new identity.',
    )
  }
  const path = join(keyPath, 'key.priv')
  await writeNew(path, random(SECRET_BYTES))
  // Read back, for where two start at once the key of the one that was first counts.
  return (await readSecret(keyPath, warn))!
}

/** What `key.pub` says, or null where there is none. */
async function readPublicKey(path: string): Promise<string | null> {
  try {
    return (await readFile(path, 'utf8')).trim()
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null
    throw fileError(error, path, 'read')
  }
}

/** `key.pub` follows from the secret: one that is missing or of another key is written anew. */
async function keepPublicKey(path: string, publicKey: string, warn: Warn): Promise<void> {
  const kept = await readPublicKey(path)
  if (kept === publicKey) return
  await writeWhole(path, publicKey + '\n', READABLE)
  if (kept !== null) warn(`${path} was not the public key of key.priv; it has been written anew.`)
}
