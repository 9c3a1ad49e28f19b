import { createContext, untrack } from 'svelte'
import type {
  ActionName,
  Actions,
  EventRow,
  EventsAnswer,
  MembersAnswer,
  OverlapsAnswer,
  ServerMessage,
  SessionsAnswer,
} from '../../core/api.ts'
import { EVENT_TYPES } from '../../core/events.ts'
import { Api, type Params, takeCode } from './api.ts'
import { Clock } from './clock.svelte.ts'
import { Connection } from './connection.svelte.ts'
import { FeedPages } from './feed-pages.svelte.ts'
import { type Filters, isEmpty, matches, NO_FILTERS, readFilters, withFilters } from './filters.ts'
import { Heat } from './heat.svelte.ts'
import { isLate } from './late.ts'
import { LastSeen } from './last-seen.svelte.ts'
import { Load } from './load.svelte.ts'
import { Messages } from './messages.svelte.ts'
import { NodeInfo } from './node.svelte.ts'
import { Overlaps } from './overlaps.svelte.ts'
import { People } from './people.svelte.ts'
import { Preferences } from './preferences.svelte.ts'
import { Playhead, Pulse } from './pulse.svelte.ts'
import { formatHash, Router } from './router.svelte.ts'
import { Sessions } from './sessions.svelte.ts'
import { Shortcuts } from './shortcuts.ts'

const HEAT_RELOAD_MS = 60_000
const LATE_RELOAD_MS = 2000

/** All that the screens show, and the one connection that keeps it up to date. */
export class App {
  readonly api: Api
  readonly router: Router
  readonly preferences: Preferences
  readonly clock = new Clock(() => Date.now())
  readonly sessions = new Sessions(() => this.clock.now)
  readonly node: NodeInfo
  readonly people = new People(() => this.node.status?.peers ?? [])
  readonly overlaps: Overlaps
  readonly heat: Heat
  readonly connection: Connection
  readonly shortcuts: Shortcuts
  readonly pulse = new Pulse()
  readonly playhead = new Playhead()
  readonly lastSeen: LastSeen
  readonly timeZone = Intl.DateTimeFormat().resolvedOptions().timeZone
  /** Everything, whatever the filters are. */
  readonly everything: FeedPages
  /** What the node wants to be known, and what could not be done. */
  readonly messages = new Messages()
  /** What panels read of the node, each by itself: one that fails or is late keeps none of the others. */
  readonly loads: Record<'sessions' | 'members' | 'status' | 'stats' | 'heat' | 'overlaps', Load>
  /** Kinds of events that came and that this page does not know, as from a node of a later version. */
  strangeTypes = $state.raw<ReadonlySet<string>>(new Set())
  readonly filters: Filters = $derived.by(() => readFilters(this.router.route.params))
  /** Whether more than one person is to be told apart. */
  readonly isCrowd: boolean = $derived.by(() => {
    const sources = [...this.people.makers, ...this.sessions.shown].map(({ source }) => source)
    return new Set(sources).size > 1
  })
  /** Whether there is a team to speak of. */
  readonly hasTeam: boolean = $derived.by(() => Boolean(this.node.status?.team) || this.people.all.length > 1)
  /** What the live screen lists: everything, or what passes the filters. */
  feed = $state.raw<FeedPages>() as FeedPages
  readonly #open = new Set<FeedPages>()
  readonly #onRows = new Set<(rows: readonly EventRow[]) => void>()
  readonly #window: Window
  #lateTimer: ReturnType<typeof setTimeout> | undefined

  constructor(window: Window, fetch: typeof globalThis.fetch) {
    this.#window = window
    this.api = new Api({ fetch, storage: window.localStorage })
    this.router = new Router(window)
    this.preferences = new Preferences(window.document.documentElement, window.localStorage)
    this.shortcuts = new Shortcuts(() => this.preferences.chosen.shortcuts)
    this.node = new NodeInfo(
      this.api,
      () => ({ tz: this.timeZone, dayStart: this.preferences.chosen.dayStart }),
      () => {
        void this.loads.status.again()
        void this.loads.stats.again()
      },
    )
    this.lastSeen = new LastSeen(window.localStorage)
    this.heat = new Heat({
      fetch: ({ timeZone: tz, days, dayStart, retry }) =>
        this.api.get('heatmap', { days, tz, dayStart, retry: retry ? 1 : undefined }),
      dayStart: () => this.preferences.chosen.dayStart,
    })
    this.overlaps = new Overlaps({
      fetch: () => this.api.get<OverlapsAnswer>('overlaps'),
      storage: window.localStorage,
      now: () => this.clock.at(),
    })
    this.loads = {
      sessions: new Load(async () => {
        this.sessions.reset((await this.api.get<SessionsAnswer>('sessions')).sessions)
      }),
      members: new Load(async () => {
        this.people.members = (await this.api.get<MembersAnswer>('members')).members
      }),
      status: new Load(async () => {
        const isFirst = this.node.status === null
        await this.node.refresh()
        const last = this.node.status?.notices.at(-1)
        // Said before this page was open, and nothing since that it is over.
        if (isFirst && last?.level === 'error') this.messages.say(last.level, last.message)
      }),
      stats: new Load(() => this.node.refreshStats()),
      heat: new Load(() => this.heat.load(this.timeZone)),
      overlaps: new Load(() => this.overlaps.load()),
    }
    this.everything = this.#pages({ bursts: true })
    this.#open.add(this.everything)
    this.feed = this.everything
    this.connection = new Connection({
      open: (query, protocols) => new WebSocket(`ws://${window.location.host}/ws${query}`, protocols),
      token: () => this.api.token,
      probe: () => this.api.get('status'),
      onMessage: (message) => this.#take(message),
      now: () => this.clock.at(),
      random: () => Math.random(),
    })
    this.api.onLocked = () => this.connection.lock()
  }

  /** Swaps the address's code for a token and connects. Answers how to stop. */
  start(): () => void {
    const code = takeCode(this.#window.location, this.#window.history)
    const onStorage = (event: StorageEvent) => {
      this.preferences.take(event)
      if (Api.isTokenChange(event)) this.connection.unlock()
    }
    // An address with a code that is opened in this very tab changes only what is after the `#`.
    const onHash = () => {
      const later = takeCode(this.#window.location, this.#window.history)
      if (later) void this.#redeem(later).then(() => this.connection.unlock())
    }
    this.#window.addEventListener('storage', onStorage)
    const { document } = this.#window
    const onHidden = () => {
      if (document.visibilityState !== 'hidden') return
      this.lastSeen.leave(this.clock.at(), this.everything.feed.receivedAt)
    }
    this.#window.addEventListener('hashchange', onHash)
    document.addEventListener('visibilitychange', onHidden)
    const heatTimer = setInterval(() => {
      if (this.connection.state === 'live') void this.loads.heat.again()
    }, HEAT_RELOAD_MS)
    const stops = [this.clock.start(), this.router.start(), this.#followFilters()]
    void (code ? this.#redeem(code) : Promise.resolve()).then(() => {
      // To show something before the line stands; what counts is read after its hello.
      if (this.api.token) void this.#load(this.everything)
      this.connection.start()
    })
    return () => {
      for (const stop of stops) stop()
      clearInterval(heatTimer)
      clearTimeout(this.#lateTimer)
      this.#window.removeEventListener('storage', onStorage)
      this.#window.removeEventListener('hashchange', onHash)
      document.removeEventListener('visibilitychange', onHidden)
      this.connection.stop()
      this.node.stop()
      this.heat.stop()
      this.overlaps.stop()
      for (const load of Object.values(this.loads)) load.stop()
    }
  }

  /** Opens a feed of its own, kept up to date until `close`; `bursts` as a feed takes it. */
  openFeed(filters: Filters, { bursts = false } = {}): FeedPages {
    const pages = this.#pages({ filters, bursts })
    // What is here already is shown at once, and all there is while the node is away.
    const known = [...this.everything.feed.rows()].filter((row) => matches(filters, row))
    pages.feed.reset(known.reverse())
    this.#open.add(pages)
    if (this.connection.state === 'live') void pages.load.run()
    return pages
  }

  close(pages: FeedPages): void {
    this.#open.delete(pages)
    pages.stop()
  }

  /** A page of events by time, and what of it this page can show. Throws an ApiError. */
  async readEvents(params: Params): Promise<EventsAnswer> {
    const answer = await this.api.get<EventsAnswer>('events', params)
    return { ...answer, events: this.#known(answer.events) }
  }

  /** Does a write, and reads how the node stands after it. Throws an ApiError where it was not done. */
  async act<Name extends ActionName>(name: Name, args: Actions[Name]): Promise<void> {
    await this.api.act(name, args)
    await this.loads.status.run()
  }

  /** Tells of all rows as they come, whatever the filters are. Returns how to stop. */
  onRows(listener: (rows: readonly EventRow[]) => void): () => void {
    this.#onRows.add(listener)
    return () => this.#onRows.delete(listener)
  }

  /**
   * Shows the history, or else the live feed, with other filters; `replace` where the last change is not worth coming
   * back to.
   */
  filter(change: Partial<Filters>, replace = false): void {
    const { screen, params } = this.router.route
    const isList = screen === 'live' || screen === 'history'
    const next = withFilters(isList ? params : new URLSearchParams(), { ...this.filters, ...change })
    // Another time is another place to read from.
    if ('from' in change || 'to' in change) next.delete('at')
    this.router.go(formatHash(isList ? screen : 'live', '', next), replace)
  }

  clearFilters(): void {
    this.filter(NO_FILTERS)
  }

  /** Whether a row came long after it happened, by the clock of who made it. */
  isLate(row: EventRow): boolean {
    const peer = this.node.status?.peers.find(({ source }) => source === row.source)
    return isLate(row, peer?.clockAheadMs ?? 0)
  }

  #pages(options: { filters?: Filters; bursts: boolean }): FeedPages {
    return new FeedPages({
      ...options,
      get: (params) => this.readEvents(params),
      isLate: (row) => this.isLate(row),
      isHidden: () => this.#window.document.visibilityState === 'hidden',
    })
  }

  #followFilters(): () => void {
    return $effect.root(() => {
      $effect(() => {
        if (this.router.route.screen !== 'live' || isEmpty(this.filters)) {
          this.feed = this.everything
          return undefined
        }
        const { filters } = this
        const pages = untrack(() => this.openFeed(filters, { bursts: true }))
        this.feed = pages
        return () => this.close(pages)
      })
    })
  }

  async #redeem(code: string): Promise<void> {
    try {
      await this.api.redeem(code)
    } catch (error) {
      this.messages.say('warning', (error as Error).message)
    }
  }

  #take(message: ServerMessage): void {
    switch (message.type) {
      case 'hello':
        this.clock.follow(message.serverTime)
        void this.#refresh(!message.resumed)
        return
      case 'gap':
        void this.#refresh(true)
        return
      case 'events': {
        const events = this.#known(message.events)
        for (const pages of this.#open) {
          const fresh = pages.take(events)
          if (pages !== this.everything) continue
          this.#countFresh(fresh)
          if (fresh.length < events.length) this.#countLateSoon()
        }
        for (const listener of this.#onRows) listener(events)
        if (events.some(touchesFile)) this.overlaps.loadSoon()
        this.node.refreshSoon()
        return
      }
      case 'sessions':
        this.sessions.update(message.sessions)
        return
      case 'presence':
        this.people.members = message.members
        return
      case 'peers':
        if (this.node.status) this.node.status = { ...this.node.status, peers: message.peers }
        // Whether anybody can be reached has changed with them.
        this.node.refreshSoon()
        return
      case 'notice':
        this.messages.say(message.level, message.message)
        return
    }
  }

  /** The rows that this page can show; what else there is is told of. */
  #known(rows: readonly EventRow[]): EventRow[] {
    const known = rows.filter(isShowable)
    if (known.length < rows.length) {
      const types = rows.filter((row) => !isShowable(row)).map(({ eventType }): string => eventType)
      if (types.some((type) => !this.strangeTypes.has(type))) {
        this.strangeTypes = new Set([...this.strangeTypes, ...types])
      }
    }
    return known
  }

  /** What came late, as a teammate's log at first, the node has counted: it is asked in a while, once for all of it. */
  #countLateSoon(): void {
    this.#lateTimer ??= setTimeout(() => {
      this.#lateTimer = undefined
      void this.loads.heat.again()
      void this.loads.members.again()
    }, LATE_RELOAD_MS)
  }

  #countFresh(fresh: ReturnType<FeedPages['take']>): void {
    this.heat.add(fresh)
    this.pulse.add(fresh.length, this.clock.at())
  }

  async #load(pages: FeedPages): Promise<void> {
    await pages.load.again()
    if (pages === this.everything)
      this.pulse.fill(pages.feed.rows(), this.clock.at(), (row) => this.isLate(row))
  }

  async #refresh(withFeeds: boolean): Promise<void> {
    for (const pages of this.#open) if (withFeeds || pages.load.state !== 'ready') void this.#load(pages)
    await Promise.all(Object.values(this.loads).map((load) => load.run()))
  }
}

const isShowable = ({ eventType }: EventRow): boolean => EVENT_TYPES.includes(eventType)

function touchesFile({ eventType, payload }: EventRow): boolean {
  return eventType === 'tool' && payload.fileTag !== undefined
}

export const [useApp, provideApp] = createContext<App>()
