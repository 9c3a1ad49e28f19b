import { basename, join } from 'node:path'
import { directoryList } from '../directories.ts'
import type { Fields } from '../json-line.ts'
import { isFields, parseLine } from '../json-line.ts'
import type { Adapter, Environment, Form, Reader, SessionFile } from '../port.ts'
import { PiReader } from './reader.ts'

const FOLDER = 'sessions'

/** pi: `<agent>/sessions/--<directory>--/<time>_<session>.jsonl`; all in one folder where a setting names that. */
export const pi: Adapter = {
  assistant: 'pi',
  variable: 'VIBETEA_PI_DIR',

  /** pi's own variables: the folder of its sessions, else that of everything it keeps. */
  defaultDirectories({ env, homeDirectory }: Environment): string[] {
    const named = [env.PI_CODING_AGENT_SESSION_DIR, env.PI_CODING_AGENT_DIR].find(isNamed)
    const [directory] = directoryList(named, homeDirectory)
    return [directory ?? join(homeDirectory, '.pi', 'agent')]
  },

  /** Which of the two kinds of folders a directory is does not show in its name. */
  watched(directory: string): string[] {
    return basename(directory) === FOLDER ? [directory] : [join(directory, FOLDER), directory]
  },

  enters(relative: string): boolean {
    return isProject(relative)
  },

  formOf(relative: string): Form | null {
    const parts = relative.split('/')
    const isPlace = parts.length === 1 || (parts.length === 2 && isProject(parts[0]!))
    return isPlace && relative.endsWith('.jsonl') ? 'lines' : null
  },

  recognises(head: readonly Buffer[]): Form | null {
    return head.some((line) => parseLine(line).records.some(isOurs)) ? 'lines' : null
  },

  open(file: SessionFile): Reader {
    return new PiReader(file)
  },
}

const isNamed = (value: string | undefined): value is string => value !== undefined && value !== ''

/** A folder named for a directory: `--home-ada-teahouse--`. */
function isProject(folder: string): boolean {
  return /^--[^/]*--$/.test(folder)
}

/** A header, or a message as only pi writes them: others have messages of this type and role. */
function isOurs(fields: Fields): boolean {
  const { type, id, timestamp, cwd, message } = fields
  if (type === 'session') return [id, timestamp, cwd].every((value) => typeof value === 'string')
  if (type !== 'message' || !isFields(message)) return false
  if (message.role === 'toolResult') return typeof message.toolCallId === 'string' && 'isError' in message
  return (
    message.role === 'assistant' &&
    'stopReason' in message &&
    isFields(message.usage) &&
    'cacheRead' in message.usage
  )
}
