import type { Blake2b } from './hash.ts'
import { derive, lengthPrefixed, portableBlake2b, z32Prefix } from './hash.ts'

/**
 * Tags tell that two things are the same without telling what they are, to all who hold the key. Without a team the
 * keys come from the device's secret; in a team others take their place.
 */
const TAG_LENGTH = 12

/** The key of event ids, call ids, agent ids and derived session ids: H(device secret, "ids"). */
export function idKeyOf(deviceSecret: Uint8Array): Uint8Array {
  return derive(deviceSecret, 'ids')
}

/** The key of file tags without a team: H(device secret, "file"). */
export function fileKeyOf(deviceSecret: Uint8Array): Uint8Array {
  return derive(deviceSecret, 'file')
}

/** The key of project tags without a team: H(device secret, "project"). */
export function projectKeyOf(deviceSecret: Uint8Array): Uint8Array {
  return derive(deviceSecret, 'project')
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
