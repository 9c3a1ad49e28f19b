import { fromBase64 } from '../_shared/base64.ts'
import { Refused } from '../_shared/http.ts'

/**
 * The sources of `VIBETEA_PUBLIC_KEYS` with their Ed25519 keys: `source:base64key,…`. Throws a `Refused` for a list that
 * is written otherwise: who set it up should see it.
 */
export function configuredKeys(text: string | undefined): ReadonlyMap<string, Uint8Array> {
  const entries = (text ?? '').split(',').map((entry) => entry.trim())
  return new Map(entries.filter((entry) => entry !== '').map(keyOf))
}

function keyOf(entry: string): [string, Uint8Array] {
  const at = entry.indexOf(':')
  const key = fromBase64(entry.slice(at + 1).trim())
  if (at < 1 || key?.length !== 32) {
    throw new Refused(
      'internal_error',
      'The archive is not set up: VIBETEA_PUBLIC_KEYS is source:base64key,…',
    )
  }
  return [entry.slice(0, at).trim(), key]
}
