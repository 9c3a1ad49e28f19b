import type { Assistant, Event, Tokens } from '../../core/events.ts'
import { tokenSum, weight } from '../../core/events.ts'
import type { DatedFact } from '../../core/lifecycle.ts'
import { Lifecycle, SESSION_GAP_MS } from '../../core/lifecycle.ts'
import type { Draft, Project, Rule } from '../../core/rule.ts'
import { projectName } from '../../core/shapes.ts'
import { keepNewest } from './fields.ts'

/** What was recorded already, so that it is not recorded again. */
export interface Recorded {
  /** Which of these ids are recorded, with a response's tokens. */
  known(ids: readonly string[]): Promise<Map<string, Tokens | null>>
  /** All events of those sessions that have not ended, by session. */
  openSessions(): Promise<Map<string, Event[]>>
  /** All events of some sessions, by session. */
  sessionEvents(sessionIds: readonly string[]): Promise<Map<string, Event[]>>
}

export interface ProjectFinder {
  /** What is known of a directory already. */
  peek(cwd: string | null): Project | undefined
  resolve(cwd: string | null): Promise<Project>
}

export interface RecorderOptions {
  rule: Rule
  projects: ProjectFinder
  /** Finds out what is ignored, before anything is recorded. Absent where nothing is. */
  ignored?: {
    look(cwds: Iterable<string | null>, maxAgeMs: number): Promise<void>
    keepsOutFolder(cwd: string): boolean
  }
  recorded: Recorded
  /** Stores events for good; resolves when they are. Those that are not live are what was there at the start. */
  append(events: readonly Event[], isLive: boolean): Promise<void>
  /** Resolves when all that was stored is known to `recorded`. */
  settled(): Promise<void>
  /** ms since 1970. */
  now(): number
}

/** What a session's own events follow from. */
interface Session {
  lifecycle: Lifecycle
  assistant: Draft['assistant']
  project: Project
  /** Where it runs; null as long as that has not been read in this run. */
  cwd: string | null
}

/** Where a session is. */
type Place = Pick<Session, 'project' | 'cwd'>

/** Whether a process of a session lives; undefined where that is not known. */
export type IsAlive = (sessionId: string) => boolean | undefined

/** Ids kept in memory, as long as `recorded` may not know them yet. */
const RECENT_IDS = 20_000
/** While files are caught up with, what is ignored is looked up so often; else before each recording. */
const LOOK_AGAIN_MS = 1000
/** After so many events storing waits until `recorded` knows them, so that it never falls behind the recent ids. */
const SETTLE_EVERY = 5000

const tokensOf = (event: Event): Tokens | null =>
  event.eventType === 'activity' && event.payload.kind === 'response' ? event.payload.tokens : null

/**
 * Turns what the adapters found into recorded events: each once, whatever is read again, with the events that follow
 * from a session's others. While files are caught up with nothing is said of sessions' ends, as their files come in any
 * order; afterwards everything is said as it happens.
 */
export class Recorder {
  readonly #options: RecorderOptions
  readonly #recent = new Map<string, Tokens | null>()
  readonly #sessions = new Map<string, Session>()
  #turn: Promise<unknown> = Promise.resolve()
  #isLive = false
  #unsettled = 0

  constructor(options: RecorderOptions) {
    this.#options = options
  }

  /** Picks up the sessions that had not ended when the node last stopped. */
  async start(): Promise<void> {
    for (const [id, events] of await this.#options.recorded.openSessions()) this.#restore(id, events)
  }

  /** The session's id in events, for the assistant's own. */
  sessionId(assistant: Assistant, raw: string): string {
    return this.#options.rule.sessionId(assistant, raw)
  }

  /** Records what is new among some drafts; resolves when it is stored. Calls wait for each other. */
  record(drafts: readonly Draft[]): Promise<void> {
    const { projects } = this.#options
    return this.#inTurn(() => this.#record(drafts, ({ cwd }) => projects.peek(cwd) ?? projects.resolve(cwd)))
  }

  /** Records what running processes say of their sessions, which know no project: only of sessions that are recorded. */
  recordOfProcesses(drafts: readonly Draft[]): Promise<void> {
    return this.#inTurn(async () => {
      const placed = new Map<Draft, Project>()
      for (const draft of drafts) {
        const session = await this.#recordedSession(draft)
        if (session) placed.set({ ...draft, cwd: session.cwd }, session.project)
      }
      await this.#record([...placed.keys()], (draft) => placed.get(draft)!)
    })
  }

  /**
   * Everything that was there at the start has been read: says what follows, and is live from now on. A process of
   * which nothing is known counts as gone.
   */
  goLive(isAlive: IsAlive): Promise<void> {
    return this.#inTurn(async () => {
      this.#isLive = true
      await this.#endSilent(isAlive, false)
    })
  }

  /**
   * Ends sessions that have been silent for too long. Called every few seconds. A process of which nothing is known
   * counts as alive, for many versions do not tell.
   */
  tick(isAlive: IsAlive): Promise<void> {
    return this.#inTurn(() => this.#endSilent(isAlive, true))
  }

  /**
   * What a session's `started` will be should it come to have a record; null where it has some, or its project is
   * excluded.
   */
  announce(draft: Draft): Promise<Event | null> {
    return this.#inTurn(async () => {
      if (await this.#recordedSession(draft)) return null
      await this.#look([draft.cwd])
      return this.#options.rule.event(draft, await this.#options.projects.resolve(draft.cwd))
    })
  }

  /** Records that a session waits for an answer, unless it does already, or is not recorded. */
  recordWait(draft: Draft): Promise<void> {
    return this.#inTurn(async () => {
      const session = await this.#recordedSession(draft)
      if (!session || session.lifecycle.awaitsAnswer) return
      await this.#record([{ ...draft, cwd: session.cwd ?? draft.cwd }], () => session.project)
    })
  }

  /** Ends a session that was left at `at` (ms); whether there is one. */
  recordEnd(draft: Pick<Draft, 'assistant' | 'sessionId' | 'at'>): Promise<boolean> {
    return this.#inTurn(async () => {
      const session = await this.#recordedSession(draft)
      if (!session) return false
      await this.#look([session.cwd])
      if (this.#isIgnored(session)) return true
      const id = this.sessionId(draft.assistant, draft.sessionId)
      await this.#store(this.#eventsOf(id, session, session.lifecycle.end(draft.at)))
      return true
    })
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work)
    this.#turn = result.catch(() => undefined)
    return result
  }

  async #record(
    drafts: readonly Draft[],
    projectOf: (draft: Draft) => Project | Promise<Project>,
  ): Promise<void> {
    const events: Event[] = []
    const places = new Map<string, Place>()
    const { rule } = this.#options
    await this.#look(drafts.map(({ cwd }) => cwd))
    for (const draft of drafts) {
      const found = projectOf(draft)
      const project = found instanceof Promise ? await found : found
      const event = rule.event(draft, project)
      if (!event) {
        this.#notePlace(draft)
        continue
      }
      events.push(event)
      places.set(event.payload.sessionId, { project, cwd: draft.cwd })
    }
    const fresh = await this.#fresh(events)
    if (fresh.length === 0) return
    await this.#load(fresh, places)
    this.#keepPlaces(places)
    for (const { event, replaced } of fresh) {
      this.#sessions.get(event.payload.sessionId)!.lifecycle.add(event, replaced)
    }
    const follows = this.#isLive ? this.#follow([...places.keys()]) : []
    await this.#store([...follows, ...fresh.map(({ event }) => event)])
  }

  async #look(cwds: readonly (string | null)[]): Promise<void> {
    await this.#options.ignored?.look(new Set(cwds), this.#isLive ? 0 : LOOK_AGAIN_MS)
  }

  #isIgnored({ cwd }: Session): boolean {
    return cwd !== null && this.#options.ignored?.keepsOutFolder(cwd) === true
  }

  /** Of a session that is recorded already, so that what follows in it is no more recorded than this draft. */
  #notePlace({ assistant, sessionId, cwd }: Draft): void {
    const session = this.#sessions.get(this.sessionId(assistant, sessionId))
    if (session && cwd !== null) session.cwd = cwd
  }

  async #recordedSession(draft: Pick<Draft, 'assistant' | 'sessionId'>): Promise<Session | undefined> {
    const id = this.sessionId(draft.assistant, draft.sessionId)
    if (!this.#sessions.has(id)) {
      for (const [known, events] of await this.#options.recorded.sessionEvents([id]))
        this.#restore(known, events)
    }
    return this.#sessions.get(id)
  }

  /** Those events that are not recorded, or weigh more than what is, each id once. */
  async #fresh(events: readonly Event[]): Promise<{ event: Event; replaced?: Tokens }[]> {
    const heaviest = new Map<string, Event>()
    for (const event of events) {
      const other = heaviest.get(event.id)
      if (!other || weight(event) > weight(other)) heaviest.set(event.id, event)
    }
    const unsure = [...heaviest.keys()].filter((id) => !this.#recent.has(id))
    const known =
      unsure.length > 0 ? await this.#options.recorded.known(unsure) : new Map<string, Tokens | null>()
    const fresh: { event: Event; replaced?: Tokens }[] = []
    for (const event of heaviest.values()) {
      const before = this.#recent.has(event.id) ? this.#recent.get(event.id) : known.get(event.id)
      if (before === undefined) fresh.push({ event })
      else if (before && weight(event) > tokenSum(before)) fresh.push({ event, replaced: before })
    }
    return fresh
  }

  async #load(fresh: readonly { event: Event }[], places: ReadonlyMap<string, Place>): Promise<void> {
    const missing = new Map<string, Event>()
    for (const { event } of fresh) {
      if (!this.#sessions.has(event.payload.sessionId)) missing.set(event.payload.sessionId, event)
    }
    if (missing.size === 0) return
    const stored = await this.#options.recorded.sessionEvents([...missing.keys()])
    for (const [id, event] of missing) {
      const events = stored.get(id) ?? []
      if (events.length > 0) this.#restore(id, events)
      else {
        const { assistant } = event.payload
        this.#sessions.set(id, { lifecycle: new Lifecycle(), assistant, ...places.get(id)! })
      }
    }
  }

  /** A project gets another tag, as when its owner enters a team; what follows in its sessions has that one. */
  #keepPlaces(places: ReadonlyMap<string, Place>): void {
    for (const [id, { project, cwd }] of places) {
      const session = this.#sessions.get(id)
      if (session) session.cwd = cwd ?? session.cwd
      if (session && projectName(session.project.name) === projectName(project.name))
        session.project = project
    }
  }

  #restore(id: string, events: readonly Event[]): void {
    const lifecycle = new Lifecycle()
    for (const event of events) lifecycle.add(event)
    const { assistant, project: name } = events[0]!.payload
    const tag = events.findLast(({ payload }) => payload.project === name)?.payload.projectTag
    const project = tag === undefined ? { name } : { name, tag }
    this.#sessions.set(id, { lifecycle, assistant, project, cwd: null })
  }

  /** What now follows for some sessions from the order of their events alone. */
  #follow(ids: readonly string[]): Event[] {
    return ids.flatMap((id) => {
      const session = this.#sessions.get(id)
      if (!session) return []
      const events = this.#due(id, session)
      session.lifecycle.forget()
      return events
    })
  }

  #due(id: string, session: Session, now?: number, isOpen = false): Event[] {
    return this.#eventsOf(id, session, session.lifecycle.due(now, isOpen))
  }

  #eventsOf(id: string, session: Session, facts: readonly DatedFact[]): Event[] {
    return facts.flatMap(({ at, fact }) => {
      const draft: Draft = { at, assistant: session.assistant, sessionId: id, cwd: session.cwd, fact }
      return this.#options.rule.event(draft, session.project) ?? []
    })
  }

  /** Ends silent sessions. One that awaits an answer stays open while its process lives. */
  async #endSilent(isAlive: IsAlive, isUnknownAlive: boolean): Promise<void> {
    const now = this.#options.now()
    const events: Event[] = []
    const open = [...this.#sessions.values()].filter(({ lifecycle }) => !lifecycle.isEnded)
    const silent = open.filter(({ lifecycle }) => now - lifecycle.lastAt >= SESSION_GAP_MS)
    await this.#look(silent.map(({ cwd }) => cwd))
    for (const [id, session] of this.#sessions) {
      // It ends when it is ignored no more, as if it had not been.
      if (this.#isIgnored(session)) continue
      const alive = isAlive(id)
      const isSilent = now - session.lifecycle.lastAt >= SESSION_GAP_MS
      if (alive === false && !isSilent) events.push(...this.#giveUpWaiting(id, session))
      events.push(...this.#due(id, session, now, alive ?? isUnknownAlive))
      session.lifecycle.forget()
      if (session.lifecycle.isEnded && now - session.lifecycle.lastAt > 2 * SESSION_GAP_MS)
        this.#sessions.delete(id)
    }
    const fresh = await this.#fresh(events)
    await this.#store(fresh.map(({ event }) => event))
  }

  /** The process that asked is gone, and nobody can answer it any more. */
  #giveUpWaiting(id: string, { lifecycle, assistant, project, cwd }: Session): Event[] {
    if (!lifecycle.awaitsAnswer || lifecycle.isEnded) return []
    const fact = { type: 'waiting', reason: 'unknown' } as const
    const event = this.#options.rule.event(
      { at: lifecycle.lastAt, assistant, sessionId: id, cwd, fact },
      project,
    )
    if (!event) return []
    lifecycle.add(event)
    return [event]
  }

  async #store(events: readonly Event[]): Promise<void> {
    if (events.length === 0) return
    await this.#options.append(events, this.#isLive)
    for (const event of events) {
      this.#recent.delete(event.id)
      this.#recent.set(event.id, tokensOf(event))
    }
    keepNewest(this.#recent, RECENT_IDS)
    this.#unsettled += events.length
    if (this.#unsettled < SETTLE_EVERY) return
    await this.#options.settled()
    this.#unsettled = 0
  }
}
