import type { Blake2b } from './hash.ts'
import { lengthPrefixed, portableBlake2b, z32Prefix } from './hash.ts'

/**
 * Tags tell that two things are the same without telling what they are, to all who hold the key. Without a team the
 * keys come from the device's secret; in a team others take their place.
 */
const TAG_LENGTH = 12

/** What derives keys from a device's secret and keeps the secret to itself: `derive(label)` is H(secret, label). */
export interface KeySource {
  derive(label: string): Uint8Array
}

/** The key of event ids, call ids, agent ids and derived session ids: H(device secret, "ids"). */
export function idKeyOf(device: KeySource): Uint8Array {
  return device.derive('ids')
}

/** The key of file tags without a team: H(device secret, "file"). */
export function fileKeyOf(device: KeySource): Uint8Array {
  return device.derive('file')
}

/** The key of project tags without a team: H(device secret, "project"). */
export function projectKeyOf(device: KeySource): Uint8Array {
  return device.derive('project')
}

/**
 * Same file, same tag. `rootCommit` is the id of the repository's first commit, for a shallow clone the normalised URL
 * of its origin; `relativePath` is below the work tree, with `/`.
 */
export function fileTagOf(
  fileKey: Uint8Array,
  rootCommit: string,
  relativePath: string,
  hash: Blake2b = portableBlake2b,
): string {
  return z32Prefix(hash(fileKey, lengthPrefixed([rootCommit, relativePath])), TAG_LENGTH)
}

/** Same repository, same tag; `rootCommit` as above. */
export function projectTagOf(
  projectKey: Uint8Array,
  rootCommit: string,
  hash: Blake2b = portableBlake2b,
): string {
  return z32Prefix(hash(projectKey, lengthPrefixed([rootCommit])), TAG_LENGTH)
}
