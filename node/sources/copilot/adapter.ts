import { basename, dirname, join } from 'node:path'
import { directoryList } from '../directories.ts'
import type { Fields } from '../json-line.ts'
import { isFields, parseLine } from '../json-line.ts'
import type { Adapter, Environment, Form, Reader, SessionFile } from '../port.ts'
import { CopilotReader } from './reader.ts'
import { isWantedType } from './record.ts'

const FOLDER = 'session-state'
const FILE = 'events.jsonl'

/** Copilot CLI: `~/.copilot/session-state/<session>/events.jsonl`, in older versions `<session>.jsonl`. */
export const copilot: Adapter = {
  assistant: 'copilot',
  variable: 'VIBETEA_COPILOT_DIR',

  defaultDirectories({ env, homeDirectory }: Environment): string[] {
    const named = directoryList(env.COPILOT_HOME, homeDirectory)
    return named.length > 0 ? named : [join(homeDirectory, '.copilot')]
  },

  watched(directory: string): string[] {
    return [basename(directory) === FOLDER ? directory : join(directory, FOLDER)]
  },

  /** A session's folder also holds copies of the files that it changed. */
  enters(relative: string): boolean {
    return !relative.includes('/')
  },

  formOf(relative: string): Form | null {
    const parts = relative.split('/')
    if (parts.length === 1) return relative.endsWith('.jsonl') ? 'lines' : null
    return parts.length === 2 && parts[1] === FILE ? 'lines' : null
  },

  recognises(head: readonly Buffer[]): Form | null {
    return head.some((line) => parseLine(line).records.some(isOurs)) ? 'lines' : null
  },

  open(file: SessionFile): Reader {
    const isFolder = basename(file.path) === FILE
    return new CopilotReader(isFolder ? basename(dirname(file.path)) : file.sessionId)
  },
}

/** Whether a record is of Copilot CLI: no other assistant's has `data` beside such a type. */
function isOurs({ type, data }: Fields): boolean {
  return typeof type === 'string' && type.includes('.') && isWantedType(type) && isFields(data)
}
