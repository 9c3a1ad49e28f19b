import { basename, dirname, join } from 'node:path'
import { directoryList } from '../directories.ts'
import type { Fields } from '../json-line.ts'
import { isFields, parseLine } from '../json-line.ts'
import type { Adapter, Environment, Form, Liveness, Reader, SessionFile } from '../port.ts'
import { ClaudeLiveness } from './liveness.ts'
import { ClaudeReader } from './reader.ts'

const FOLDER = 'projects'

/** Claude Code: `<config>/projects/<slug>/<session>.jsonl`, and subagents in a folder of the session's name. */
export const claude: Adapter = {
  assistant: 'claude',
  variable: 'VIBETEA_CLAUDE_DIR',

  /** `CLAUDE_CONFIG_DIR` is one path for Claude Code itself; others take a list, and paths that end in `projects`. */
  defaultDirectories({ env, homeDirectory }: Environment): string[] {
    const named = directoryList(env.CLAUDE_CONFIG_DIR, homeDirectory)
    return named.length > 0 ? named : [join(homeDirectory, '.claude')]
  },

  watched(directory: string): string[] {
    return [projectsOf(directory)]
  },

  enters(relative: string): boolean {
    const parts = relative.split('/')
    return parts.length <= 2 || parts[2] === 'subagents'
  },

  formOf(relative: string): Form | null {
    return isSessionFile(relative.split('/')) ? 'lines' : null
  },

  recognises(head: readonly Buffer[]): Form | null {
    return head.some((line) => parseLine(line).records.some(isOurs)) ? 'lines' : null
  },

  open(file: SessionFile): Reader {
    return new ClaudeReader(file)
  },

  liveness(directories: readonly string[]): Liveness {
    return new ClaudeLiveness({ directories: directories.map((each) => join(configOf(each), 'sessions')) })
  },
}

/** The configuration directory, also where its `projects` folder was named. */
export function configOf(directory: string): string {
  return basename(directory) === FOLDER ? dirname(directory) : directory
}

function isSessionFile(parts: readonly string[]): boolean {
  const name = parts.at(-1)!
  if (!name.endsWith('.jsonl')) return false
  if (parts.length <= 2) return parts.length === 2
  return parts[2] === 'subagents' && parts.length >= 4 && name.startsWith('agent-')
}

function projectsOf(directory: string): string {
  return join(configOf(directory), FOLDER)
}

/**
 * Whether a record is of Claude Code. Other assistants' records are alike: Qwen Code's have the same envelope with
 * `message.parts` or `systemPayload`, Droid's and pi's the same messages of the type `message`, Cursor's no `type`.
 */
function isOurs(fields: Fields): boolean {
  const { type, message } = fields
  switch (type) {
    case 'user':
    case 'assistant':
      return isFields(message) && 'content' in message && (message.role ?? type) === type
    case 'system':
      return 'isSidechain' in fields && 'subtype' in fields && !('systemPayload' in fields)
    case 'summary':
      return 'leafUuid' in fields
    case 'file-history-snapshot':
      return 'snapshot' in fields
    case 'queue-operation':
      return 'operation' in fields
    case 'progress':
    case 'attachment':
      return 'isSidechain' in fields
    default:
      return false
  }
}
