import { VibeTeaError } from '../../../core/errors.ts'

const REASONS: Readonly<Record<string, readonly [code: string, message: string, remedy: string]>> = {
  SQLITE_BUSY: [
    'database_busy',
    "OpenCode's database is held by another program.",
    'It is read as soon as that lets go of it.',
  ],
  SQLITE_NOTADB: [
    'database_corrupt',
    "OpenCode's database is no database, or a damaged one.",
    'Move it away, or put a good copy in its place.',
  ],
  SQLITE_CANTOPEN: [
    'database_unreadable',
    "OpenCode's database cannot be opened.",
    'Give your user the right to read it and to write in its folder, or close OpenCode once: then its log is gone.',
  ],
  SQLITE_ERROR: [
    'unknown_version',
    "OpenCode's database is of a version that VibeTea does not know: it cannot be asked what it holds.",
    'Look for a newer VibeTea.',
  ],
  SQLITE_TOOBIG: [
    'database_unreadable',
    "OpenCode's database holds something that is too large to be read.",
    'It is tried again by itself.',
  ],
  SQLITE_IOERR: [
    'database_unreadable',
    "OpenCode's database cannot be read from its disk.",
    'Check the disk and the rights on the file. It is tried again by itself.',
  ],
}

const SAME: Readonly<Record<string, string>> = {
  SQLITE_LOCKED: 'SQLITE_BUSY',
  SQLITE_PROTOCOL: 'SQLITE_BUSY',
  SQLITE_CORRUPT: 'SQLITE_NOTADB',
  SQLITE_FORMAT: 'SQLITE_NOTADB',
  SQLITE_READONLY: 'SQLITE_CANTOPEN',
  SQLITE_PERM: 'SQLITE_CANTOPEN',
  SQLITE_AUTH: 'SQLITE_CANTOPEN',
  SQLITE_MISMATCH: 'SQLITE_ERROR',
  SQLITE_NOMEM: 'SQLITE_TOOBIG',
}

/** What SQLite says of a database as a `VibeTeaError`; what is nobody's to mend but ours comes back as it is. */
export function databaseError(error: Error): Error {
  const code = 'code' in error ? String(error.code) : ''
  const known = REASONS[SAME[code] ?? code]
  if (!known) return error
  const [name, message, remedy] = known
  return new VibeTeaError(name, message, remedy, { cause: error })
}

/** The tables are not as they should be: `missing` names what is not there. */
export function unknownVersion(missing: readonly string[]): VibeTeaError {
  return new VibeTeaError(
    'unknown_version',
    `OpenCode's database is of a version that VibeTea does not know: it has no ${missing.join(', ')}.`,
    'What can be read of it is shown. Look for a newer VibeTea.',
  )
}
