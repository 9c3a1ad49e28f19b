import { basename, join, resolve } from 'node:path'
import type { Fields } from '../json-line.ts'
import { isFields, parseLine } from '../json-line.ts'
import type { Adapter, Environment, Form, Reader, SessionFile } from '../port.ts'
import { piecesOf } from './document.ts'
import { GeminiReader } from './reader.ts'

const FOLDER = 'tmp'

/**
 * Gemini CLI: `<home>/.gemini/tmp/<project>/chats/session-*.json`, one object rewritten whole, and since April 2026
 * `session-*.jsonl`, appended; subagents in a folder of their session's id.
 */
export const gemini: Adapter = {
  assistant: 'gemini',
  variable: 'VIBETEA_GEMINI_DIR',

  /** `GEMINI_CLI_HOME` stands for the home directory, in which `.gemini` is. */
  defaultDirectories({ env, homeDirectory }: Environment): string[] {
    return [resolve(env.GEMINI_CLI_HOME || homeDirectory, '.gemini')]
  },

  watched(directory: string): string[] {
    return [basename(directory) === FOLDER ? directory : join(directory, FOLDER)]
  },

  enters(relative: string): boolean {
    const parts = relative.split('/')
    return parts.length === 1 || (parts.length <= 3 && parts[1] === 'chats')
  },

  formOf(relative: string): Form | null {
    const parts = relative.split('/')
    const name = parts.at(-1)!
    const isOfSession = parts.length === 3 ? name.startsWith('session-') : parts.length === 4
    if (!isOfSession || parts[1] !== 'chats') return null
    if (name.endsWith('.jsonl')) return 'lines'
    return name.endsWith('.json') ? 'document' : null
  },

  recognises(head: readonly Buffer[]): Form | null {
    const records = head.flatMap((line) => parseLine(line).records)
    if (records.some(isLine)) return 'lines'
    if (!records.some(isDocument)) return null
    return head.length === 1 ? 'document' : 'lines'
  },

  open(file: SessionFile): Reader {
    return new GeminiReader(file)
  },

  pieces(document: Buffer): Iterable<Buffer> {
    return piecesOf(document)
  },
}

function isDocument(fields: Fields): boolean {
  return isOfProject(fields) && Array.isArray(fields.messages)
}

/** The first line of a file, or a message. */
function isLine(fields: Fields): boolean {
  if (fields.type === 'gemini') return typeof fields.id === 'string' && typeof fields.timestamp === 'string'
  return (isOfProject(fields) && !('messages' in fields)) || isUpdate(fields)
}

function isOfProject({ sessionId, projectHash }: Fields): boolean {
  return typeof sessionId === 'string' && typeof projectHash === 'string'
}

function isUpdate({ $set, $rewindTo }: Fields): boolean {
  return isFields($set) || typeof $rewindTo === 'string'
}
