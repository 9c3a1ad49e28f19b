import type { EventRow, SessionRow } from '../../core/api.ts'
import { stateWord } from './describe.ts'
import type { SharedFiles } from './overlaps.svelte.ts'
import { overlapKey } from './same-file.ts'
import { keyOf } from './sessions.svelte.ts'
import { plain } from './text.ts'
import { plural } from './time.ts'

/** What may be told outside of the page. */
export type Reason = 'answer' | 'error' | 'same-file'

export interface Notice {
  reason: Reason
  /** Of several of one tag the browser shows the last: tabs of one page do not tell the same twice. */
  tag: string
  title: string
  body: string
  /** Where a click leads. */
  hash: string
}

export interface NotificationsOptions {
  /** Shows one; called for what is wanted and new. */
  show: (notice: Notice) => void
  isWanted: (reason: Reason) => boolean
  /** ms since 1970. */
  now: () => number
}

/** More at once are one. */
const MAX_AT_ONCE = 3
/** A session that meets error after error tells one in this time. */
const ERROR_QUIET_MS = 5 * 60_000
/** What happened longer ago is history that is just being read. */
const FRESH_MS = 60_000
/**
 * Finds what is new among the page's own work: what was there when the page was opened has been seen there, and what is
 * not wanted now is not told later.
 */
export class Notifications {
  readonly #options: NotificationsOptions
  /** Keys of what is going on and was told, or was there at first; null before anything came. */
  #answers: ReadonlySet<string> | null = null
  #files: ReadonlySet<string> | null = null
  /** When an error was told last, ms, by session. */
  readonly #errors = new Map<string, number>()

  constructor(options: NotificationsOptions) {
    this.#options = options
  }

  /** Takes one's own sessions as they are, each time they change. */
  takeSessions(own: readonly SessionRow[]): void {
    const asking = own.filter(({ needs }) => needs === 'answer')
    const keyOfWait = (row: SessionRow) => `${keyOf(row)} ${row.needsSince ?? ''}`
    const before = this.#answers
    this.#answers = new Set(asking.map(keyOfWait))
    if (!before) return
    const fresh = asking.filter((row) => !before.has(keyOfWait(row)))
    this.#tell(
      'answer',
      fresh.map((row) => ({
        tag: `answer ${keyOf(row)}`,
        title: `${row.handle} ${stateWord(row)}`,
        body: plain(row.project),
        hash: `#/session/${row.sessionId}`,
      })),
      (count) => ({ title: `${plural(count, 'session')} need an answer`, hash: '#/live' }),
    )
  }

  /** Takes rows that came; `own` is the source of this machine. */
  takeRows(
    rows: readonly EventRow[],
    own: string | undefined,
    handleOf: (sessionId: string) => string,
  ): void {
    const now = this.#options.now()
    const fresh: Omit<Notice, 'reason'>[] = []
    for (const row of rows) {
      if (row.eventType !== 'error' || row.source !== own || now - Date.parse(row.timestamp) > FRESH_MS)
        continue
      const { sessionId, project } = row.payload
      if (now - (this.#errors.get(sessionId) ?? -Infinity) < ERROR_QUIET_MS) continue
      this.#errors.set(sessionId, now)
      fresh.push({
        tag: `error ${sessionId}`,
        title: `${handleOf(sessionId)} met an error`,
        body: plain(project),
        hash: `#/session/${sessionId}`,
      })
    }
    for (const [id, at] of this.#errors) if (now - at > ERROR_QUIET_MS) this.#errors.delete(id)
    this.#tell('error', fresh, (count) => ({
      title: `Errors in ${plural(count, 'session')}`,
      hash: '#/live?type=error',
    }))
  }

  /** Takes the files that one's own sessions share with teammates', each time they change. */
  takeFiles(shared: readonly SharedFiles[], sentence: (shared: SharedFiles) => string): void {
    const before = this.#files
    this.#files = new Set(shared.flatMap(({ overlaps }) => overlaps.map(overlapKey)))
    if (!before) return
    const fresh = shared.filter(({ overlaps }) =>
      overlaps.some((overlap) => !before.has(overlapKey(overlap))),
    )
    this.#tell(
      'same-file',
      fresh.map((each) => {
        const { project, sessions } = each.overlaps[0]!
        const mine = sessions.find(({ isSelf }) => isSelf)
        return {
          tag: `same-file ${each.people}`,
          title: sentence(each),
          body: plain(project),
          hash: mine ? `#/session/${mine.sessionId}` : '#/live',
        }
      }),
      (count) => ({ title: `Teammates are in ${plural(count, 'file')} of yours`, hash: '#/live' }),
    )
  }

  #tell(
    reason: Reason,
    notices: readonly Omit<Notice, 'reason'>[],
    sum: (count: number) => Pick<Notice, 'title' | 'hash'>,
  ): void {
    const { show, isWanted } = this.#options
    if (!notices.length || !isWanted(reason)) return
    if (notices.length > MAX_AT_ONCE) show({ reason, tag: reason, body: '', ...sum(notices.length) })
    else for (const notice of notices) show({ reason, ...notice })
  }
}
