import { claude } from './claude/adapter.ts'
import { codex } from './codex/adapter.ts'
import { copilot } from './copilot/adapter.ts'
import type { NamedDirectories, SessionFolder } from './directories.ts'
import { sessionFolders } from './directories.ts'
import { droid } from './droid/adapter.ts'
import { gemini } from './gemini/adapter.ts'
import { opencode } from './opencode/adapter.ts'
import { pi } from './pi/adapter.ts'
import type { Adapter, Environment, Form } from './port.ts'
import { qwen } from './qwen/adapter.ts'

/** Every assistant that VibeTea reads: one line each. */
export const ADAPTERS: readonly Adapter[] = [claude, codex, copilot, gemini, opencode, pi, qwen, droid]

/** How many of a file's first lines an adapter is shown to recognise it. */
export const RECOGNISED_BY_LINES = 50

/** Whose file it is, and how it is read. */
export interface Recognised {
  adapter: Adapter
  form: Form
}

/** The assistant that wrote a file, and how it is read, see `Adapter.recognises`; null where it is no session's. */
export function recognise(
  head: readonly Buffer[],
  adapters: readonly Adapter[] = ADAPTERS,
): Recognised | null {
  for (const adapter of adapters) {
    const form = adapter.recognises(head)
    if (form) return { adapter, form }
  }
  return null
}

/**
 * The session of records that name none: the file's name without its ending; for a subagent's file, in
 * `<session>/subagents/`, the session that it belongs to.
 */
export function sessionIdOf(path: string): string {
  const parts = path.split(/[\\/]/)
  const folder = parts.lastIndexOf('subagents')
  if (folder > 0 && folder < parts.length - 1) return parts[folder - 1]!
  return parts.at(-1)!.replace(/\.jsonl?(?:\.zst)?$/, '')
}

/** The folders of every assistant's session files, see `sessionFolders`. */
export function sessionDirectories(named: NamedDirectories, environment: Environment): SessionFolder[] {
  return sessionFolders(ADAPTERS, named, environment)
}
