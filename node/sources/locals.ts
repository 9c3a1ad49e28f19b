import type { LocalFields } from '../../core/api.ts'
import { printable } from '../../core/printable.ts'

/** A title can be a whole document. */
const MAX_LENGTH = 200
const FIELDS = ['branch', 'worktree', 'title'] as const

/** What only this machine's owner sees of their sessions, by the id in events: of sessions read in this run. */
export class Locals {
  readonly #bySession = new Map<string, LocalFields>()

  get(sessionId: string): LocalFields | undefined {
    return this.#bySession.get(sessionId)
  }

  /** Takes what a file says of a session; what it does not say stays as another file of the session said it. */
  update(sessionId: string, said: LocalFields): void {
    const known = this.#bySession.get(sessionId)
    if (FIELDS.every((name) => said[name] === undefined || shown(said[name]) === known?.[name])) return
    const local: LocalFields = { ...known }
    for (const name of FIELDS) if (said[name] !== undefined) local[name] = shown(said[name])
    this.#bySession.set(sessionId, local)
  }
}

/** A session's own text as it may be shown. */
function shown(text: string): string {
  return printable(text.slice(0, 4 * MAX_LENGTH)).slice(0, MAX_LENGTH)
}
