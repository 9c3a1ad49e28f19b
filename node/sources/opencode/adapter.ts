import { readdirSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { directoryList } from '../directories.ts'
import type { Fields } from '../json-line.ts'
import { isFields, parseLine } from '../json-line.ts'
import type { Adapter, DatabaseReader, Environment, Form, Reader, SessionFile } from '../port.ts'
import { OpenCodeDatabaseReader } from './database-reader.ts'
import { OpenCodeDocumentReader } from './document-reader.ts'
import { KINDS } from './tree.ts'

const DATABASE = /^opencode(?:-[\w.-]+)?\.db$/
const SQLITE_MAGIC = Buffer.from('SQLite format 3\0', 'latin1')

/** Types of parts, of which a part is known that lies anywhere. */
const PART_TYPES = new Set(
  'text reasoning file tool step-start step-finish snapshot patch agent retry compaction subtask'.split(' '),
)

/**
 * OpenCode: since 1.2 the database `opencode.db`, or `opencode-<channel>.db`, in its data directory; before, a tree of
 * JSON documents in `storage`, which newer versions take over into the database and leave as it is.
 */
export const opencode: Adapter = {
  assistant: 'opencode',
  variable: 'VIBETEA_OPENCODE_DIR',

  /** The XDG directory on all systems (npm xdg-basedir); `OPENCODE_DATA_DIR` is what other tools that read it take. */
  defaultDirectories({ env, homeDirectory }: Environment): string[] {
    const named = directoryList(env.OPENCODE_DATA_DIR, homeDirectory)
    if (named.length > 0) return named
    return [join(env.XDG_DATA_HOME || join(homeDirectory, '.local', 'share'), 'opencode')]
  },

  /** A tree beside a database holds what the database holds, in a folder a message. */
  watched(directory: string): string[] {
    const data = basename(directory) === 'storage' ? dirname(directory) : directory
    return hasDatabase(data) ? [data] : [data, join(data, 'storage')]
  },

  /** Relative to the data directory nothing, to `storage` the folders of sessions: not logs, snapshots or binaries. */
  enters(relative: string): boolean {
    return (KINDS as readonly string[]).includes(relative.split('/')[0]!)
  },

  formOf(relative: string): Form | null {
    const parts = relative.split('/')
    if (parts.length === 1) return DATABASE.test(parts[0]!) ? 'database' : null
    const isInTree = (KINDS as readonly string[]).includes(parts[0]!) && parts.length <= 3
    return isInTree && parts.at(-1)!.endsWith('.json') ? 'document' : null
  },

  recognises(head: readonly Buffer[]): Form | null {
    if (head[0]?.subarray(0, SQLITE_MAGIC.length).equals(SQLITE_MAGIC)) return 'database'
    return head.some((line) => parseLine(line).records.some(isOurs)) ? 'document' : null
  },

  open(file: SessionFile): Reader {
    return new OpenCodeDocumentReader(file)
  },

  openDatabase(path: string): Promise<DatabaseReader> {
    return OpenCodeDatabaseReader.open(path)
  },
}

function hasDatabase(directory: string): boolean {
  try {
    return readdirSync(directory).some((name) => DATABASE.test(name))
  } catch {
    // It is not there, no directory, or closed to us, which its own watching will tell.
    return false
  }
}

/** Whether a document is of OpenCode's tree: a session, a message, or a part of one. */
function isOurs({ id, type, role, sessionID, messageID, projectID, directory, time }: Fields): boolean {
  if (typeof id !== 'string') return false
  if (typeof messageID === 'string') return typeof type === 'string' && PART_TYPES.has(type)
  const isDated = isFields(time) && typeof time.created === 'number'
  if (typeof sessionID === 'string') return isDated && (role === 'user' || role === 'assistant')
  return isDated && typeof projectID === 'string' && typeof directory === 'string'
}
