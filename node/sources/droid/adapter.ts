import { basename, join } from 'node:path'
import type { Fields } from '../json-line.ts'
import { parseLine } from '../json-line.ts'
import type { Adapter, Environment, Form, Reader, SessionFile } from '../port.ts'
import { DroidReader } from './reader.ts'
import { isSettings, SettingsReader } from './settings.ts'
import { isStreamed } from './stream.ts'

const FOLDER = 'sessions'
const SETTINGS = /\.settings\.json(?:\.bak)?$/

/** Droid: `~/.factory/sessions/<slug>/<session>.jsonl`, and `<session>.settings.json` beside it. */
export const droid: Adapter = {
  assistant: 'droid',
  variable: 'VIBETEA_DROID_DIR',

  defaultDirectories({ homeDirectory }: Environment): string[] {
    return [join(homeDirectory, '.factory')]
  },

  watched(directory: string): string[] {
    return [basename(directory) === FOLDER ? directory : join(directory, FOLDER)]
  },

  /** The folders of projects begin with a hyphen; `btw` and those of sessions hold side questions and attachments. */
  enters(relative: string): boolean {
    return /^-[^/]*$/.test(relative)
  },

  /** Early versions kept all sessions in one folder. */
  formOf(relative: string): Form | null {
    const parts = relative.split('/')
    if (parts.length > 2 || (parts.length === 2 && !relative.startsWith('-'))) return null
    if (relative.endsWith('.settings.json')) return 'document'
    return relative.endsWith('.jsonl') ? 'lines' : null
  },

  recognises(head: readonly Buffer[]): Form | null {
    if (head.some((line) => parseLine(line).records.some(isOurs))) return 'lines'
    return head.length === 1 && isSettings(head[0]!) ? 'document' : null
  },

  open({ path, sessionId }: SessionFile): Reader {
    const name = basename(path)
    return SETTINGS.test(name)
      ? new SettingsReader(path, name.replace(SETTINGS, ''))
      : new DroidReader(path, sessionId)
  },
}

/** Messages alone do not tell, as pi's are like them: a session file begins with what does. */
function isOurs(fields: Fields): boolean {
  if (fields.type === 'session_start') return typeof fields.id === 'string'
  if (fields.type === 'message') return typeof fields.role === 'string' && isStreamed(fields)
  return (fields.type === 'tool_call' || fields.type === 'completion') && isStreamed(fields)
}
