import { VibeTeaError } from '../../core/errors.ts'
import { errorCode } from './files.ts'

const REASONS: Readonly<Record<string, readonly [code: string, why: string, remedy: string]>> = {
  SQLITE_FULL: ['no_space', 'there is no space left on its disk', 'Free some space and start again.'],
  SQLITE_READONLY: [
    'read_only',
    'it cannot be written',
    'Make it writable for this user, or set VIBETEA_HOME.',
  ],
  SQLITE_CANTOPEN: [
    'no_permission',
    'it cannot be opened',
    'Give this user access to it, or move away what is in its place.',
  ],
  SQLITE_BUSY: ['database_busy', 'another program holds it', 'Close that program and start again.'],
  SQLITE_IOERR: [
    'disk_error',
    'its disk does not work as it should',
    'Check the disk and the space left on it.',
  ],
}

/** What SQLite says of a file as a `VibeTeaError`; what nobody can mend is a bug and comes back as it is. */
export function databaseError(error: unknown, path: string): unknown {
  const known = REASONS[errorCode(error)]
  if (!known) return error
  const [code, why, remedy] = known
  return new VibeTeaError(code, `${path} cannot be used: ${why}.`, remedy, { cause: error })
}
