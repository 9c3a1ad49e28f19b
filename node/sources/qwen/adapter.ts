import { basename, join } from 'node:path'
import { directoryList } from '../directories.ts'
import type { Fields } from '../json-line.ts'
import { isFields, parseLine } from '../json-line.ts'
import type { Adapter, Environment, Form, Reader, SessionFile } from '../port.ts'
import { QwenReader } from './reader.ts'

const FOLDER = 'projects'

/**
 * Qwen Code: `<home>/projects/<slug>/chats/<session>.jsonl`, archived ones in a folder of `chats`, and subagents in
 * `<home>/projects/<slug>/subagents/<session>/agent-<id>.jsonl`.
 */
export const qwen: Adapter = {
  assistant: 'qwen',
  variable: 'VIBETEA_QWEN_DIR',

  /** Qwen Code's own order. A folder that its settings name instead is known by `VIBETEA_QWEN_DIR` only. */
  defaultDirectories({ env, homeDirectory }: Environment): string[] {
    const named = [env.QWEN_RUNTIME_DIR, env.QWEN_HOME].find((value) => value !== undefined && value !== '')
    const [directory] = directoryList(named, homeDirectory)
    return [directory ?? join(homeDirectory, '.qwen')]
  },

  watched(directory: string): string[] {
    return [basename(directory) === FOLDER ? directory : join(directory, FOLDER)]
  },

  enters(relative: string): boolean {
    const parts = relative.split('/')
    return parts.length === 1 || (parts.length <= 3 && (parts[1] === 'chats' || parts[1] === 'subagents'))
  },

  formOf(relative: string): Form | null {
    const [, folder, ...rest] = relative.split('/')
    const name = rest.at(-1) ?? ''
    const isSession = folder === 'chats' && rest.length <= 2 && SESSION_FILE.test(name)
    const isAgent = folder === 'subagents' && rest.length === 2 && AGENT_FILE.test(name)
    return isSession || isAgent ? 'lines' : null
  },

  recognises(head: readonly Buffer[]): Form | null {
    return head.some((line) => parseLine(line).records.some(isOurs)) ? 'lines' : null
  },

  open(file: SessionFile): Reader {
    return new QwenReader(file)
  },
}

/** Other files beside a session's have its id and another ending, `.ledger.jsonl` one of them. */
const SESSION_FILE = /^[0-9a-fA-F-]{32,36}\.jsonl$/
const AGENT_FILE = /^agent-[A-Za-z0-9_-]+\.jsonl$/

/** Claude Code's envelope with Gemini's parts in it, or with a payload that Claude Code has not. */
function isOurs({ type, sessionId, uuid, message, subtype, systemPayload }: Fields): boolean {
  if (typeof sessionId !== 'string' || typeof uuid !== 'string') return false
  switch (type) {
    case 'user':
    case 'assistant':
    case 'tool_result':
      return isFields(message) && Array.isArray(message.parts)
    case 'system':
      return typeof subtype === 'string' && isFields(systemPayload)
    default:
      return false
  }
}
