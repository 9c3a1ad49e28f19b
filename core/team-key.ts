import { VibeTeaError } from './errors.ts'
import { plainHash, z32Bytes, z32Prefix } from './hash.ts'

/**
 * A team key: `vt1` ‖ letter ‖ z32(kind ‖ teamId ‖ secret ‖ checksum), one word of 115 characters that a double click
 * selects. The kind is the letter's ASCII byte; the checksum is the first 4 bytes of BLAKE2b-256 over what stands before.
 */

export const ROLES = ['member', 'reader', 'mirror'] as const
/** What a key allows, and what the certificate issued with it says. */
export type Role = (typeof ROLES)[number]

export type KeyKind = 'write' | 'read' | 'mirror' | 'admin'

export interface TeamKey {
  kind: KeyKind
  /** 32 bytes: the public key of the founder's admin key. */
  teamId: Uint8Array
  /** 32 bytes: W, R or M of an epoch, or the admin key's secret. */
  secret: Uint8Array
}

const LETTERS: Record<KeyKind, string> = { write: 'w', read: 'r', mirror: 'm', admin: 'a' }
const KINDS = new Map(Object.entries(LETTERS).map(([kind, letter]) => [letter, kind as KeyKind]))
const ROLE_OF: Record<Exclude<KeyKind, 'admin'>, Role> = { write: 'member', read: 'reader', mirror: 'mirror' }
const PREFIX = 'vt1'
const BYTES = 1 + 32 + 32 + 4
const CODE_LENGTH = Math.ceil((BYTES * 8) / 5)
export const TEAM_KEY_LENGTH = PREFIX.length + 1 + CODE_LENGTH

const ASK_AGAIN = 'Ask for the key again, and copy all of it: it is one word that begins with vt1.'

/** The role that a team key gives; the admin backup gives none. */
export function roleOf(kind: Exclude<KeyKind, 'admin'>): Role {
  return ROLE_OF[kind]
}

/** The kind of key that gives a role. */
export function kindOf(role: Role): KeyKind {
  return role === 'member' ? 'write' : role === 'reader' ? 'read' : 'mirror'
}

/** The key as text. Throws a RangeError for parts of another length than 32 bytes. */
export function formatTeamKey({ kind, teamId, secret }: TeamKey): string {
  if (teamId.length !== 32 || secret.length !== 32) throw new RangeError('a key is of two times 32 bytes')
  const letter = LETTERS[kind]
  const bytes = new Uint8Array(BYTES)
  bytes[0] = letter.charCodeAt(0)
  bytes.set(teamId, 1)
  bytes.set(secret, 33)
  bytes.set(plainHash(bytes.subarray(0, 65)).subarray(0, 4), 65)
  return PREFIX + letter + z32Prefix(bytes, CODE_LENGTH)
}

/**
 * Reads a key. Spaces, line breaks, hyphens and capitals are forgiven. Throws a `VibeTeaError`, one for each mistake:
 * `no_team_key`, `not_a_team_key`, `newer_team_key`, `incomplete_team_key`, `long_team_key`, `mistyped_team_key`. None
 * of them repeats the key.
 */
export function parseTeamKey(text: string): TeamKey {
  const word = text.replace(/[\s\-\u00ad\u200b-\u200d\u2060\ufeff]+/g, '').toLowerCase()
  if (word === '')
    throw new VibeTeaError(
      'no_team_key',
      'There is no team key.',
      'Ask a teammate for one: vibetea invite prints it.',
    )
  if (!/^vt\d/.test(word)) {
    throw new VibeTeaError('not_a_team_key', 'This is not a team key: those begin with vt1.', ASK_AGAIN)
  }
  const kind = KINDS.get(word.charAt(PREFIX.length))
  const isKnown = word.startsWith(PREFIX) && (kind !== undefined || word.length === PREFIX.length)
  if (!isKnown) {
    throw new VibeTeaError(
      'newer_team_key',
      `This key begins with ${word.slice(0, 4)}, which this version of VibeTea does not know.`,
      'Check its beginning; if it is right, install the latest version.',
    )
  }
  if (word.length < TEAM_KEY_LENGTH) {
    throw new VibeTeaError(
      'incomplete_team_key',
      `This team key is incomplete: it has ${word.length} of ${TEAM_KEY_LENGTH} characters.`,
      ASK_AGAIN,
    )
  }
  if (word.length > TEAM_KEY_LENGTH) {
    throw new VibeTeaError(
      'long_team_key',
      `This team key is too long: it has ${word.length} characters instead of ${TEAM_KEY_LENGTH}.`,
      'Paste it once, with nothing before or after it.',
    )
  }
  const bytes = z32Bytes(word.slice(PREFIX.length + 1))
  const checksum = bytes && plainHash(bytes.subarray(0, 65)).subarray(0, 4)
  if (
    !bytes ||
    bytes[0] !== word.charCodeAt(PREFIX.length) ||
    !checksum!.every((byte, i) => byte === bytes[65 + i])
  ) {
    throw new VibeTeaError(
      'mistyped_team_key',
      'This team key has a typing error: its checksum is wrong.',
      'Copy and paste it instead of typing it.',
    )
  }
  return { kind: kind!, teamId: bytes.slice(1, 33), secret: bytes.slice(33, 65) }
}
