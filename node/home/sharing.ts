import { VibeTeaError } from '../../core/errors.ts'
import { partsOf, projectKey } from '../../core/project-key.ts'
import type { Sharing } from '../../core/rule.ts'
import { projectName } from '../../core/shapes.ts'
import type { ShareConsent } from './consent.ts'
import { withConsent } from './consent.ts'
import { decided, merged } from './decisions.ts'
import type { Ignoring, Ignorings } from './ignorings.ts'
import { withIgnoring } from './ignorings.ts'
import type { Interval } from './intervals.ts'
import { contains, withInterval } from './intervals.ts'
import type { SharingState } from './sharing-file.ts'
import { readSharing, writeSharing } from './sharing-file.ts'

export interface ProjectDecision {
  project: string
  projectTag?: string
  sharing: Sharing
}

/**
 * What this machine's owner decided about projects and pauses: the one place of truth for it. Exclusions and pauses are
 * kept for good, as intervals of the time at which things happened, so that files that are read again or late do not
 * bring them back. Times in ms since 1970. A change that cannot be written throws and changes nothing.
 */
export class SharingDecisions {
  readonly #write: (state: SharingState) => Promise<void>
  /** Other keys of the same projects, as far as this process has met them. */
  readonly #sameAs = new Map<string, Set<string>>()
  /** Of those the ones that projects had before. */
  readonly #former = new Set<string>()
  #state: SharingState
  #turn: Promise<unknown> = Promise.resolve()

  private constructor(state: SharingState, write: (state: SharingState) => Promise<void>) {
    this.#state = state
    this.#write = write
  }

  /** Throws a `VibeTeaError` `invalid_sharing` where `sharing.json` cannot be understood. */
  static async open(home: string): Promise<SharingDecisions> {
    return new SharingDecisions(await readSharing(home), (state) => writeSharing(home, state))
  }

  /** The same for who may not write, as a node may run in that home: changes hold in this process alone. */
  static async view(home: string): Promise<SharingDecisions> {
    return new SharingDecisions(await readSharing(home), () => Promise.resolve())
  }

  /**
   * What may be done with an event of a project that happened at `at`. Private where nothing was decided. Excluded while
   * the project is excluded, under its name or its name and tag and whenever it happened, and for what happened in an
   * earlier exclusion or in a pause. Shared is what happened since the project has been shared.
   */
  sharingAt(project: string, tag: string | undefined, at: number): Sharing {
    const name = projectName(project)
    const { decisions, newProjects, exclusions, pauses } = this.#state
    if (contains(pauses, at)) return 'excluded'
    for (const key of tag === undefined ? [name] : [name, `${name}~${tag}`]) {
      if (decisions.get(key)?.sharing === 'excluded' || contains(exclusions.get(key) ?? [], at))
        return 'excluded'
    }
    const own = tag === undefined ? undefined : decisions.get(`${name}~${tag}`)
    const decision = own ?? decisions.get(name) ?? newProjects
    return decision?.sharing === 'shared' && at >= decision.since ? 'shared' : 'private'
  }

  /** What holds for a project from now on, pauses aside. */
  sharingOf(project: string, tag?: string): Sharing {
    const name = projectName(project)
    const { decisions, newProjects } = this.#state
    const general = (decisions.get(name) ?? newProjects)?.sharing
    const own = tag === undefined ? undefined : decisions.get(`${name}~${tag}`)?.sharing
    return general === 'excluded' ? 'excluded' : (own ?? general ?? 'private')
  }

  /** What holds for projects about which nothing was decided. */
  get newProjects(): 'shared' | 'private' {
    return this.#state.newProjects ? 'shared' : 'private'
  }

  /** Every project that something was decided about, by name; each under the tag that it has now, where that is known. */
  projects(): ProjectDecision[] {
    return [...this.#state.decisions]
      .filter(([key]) => !this.#former.has(key))
      .map(([key, { sharing }]) => ({ ...partsOf(key), sharing }))
      .sort((a, b) => (a.project < b.project ? -1 : a.project > b.project ? 1 : 0))
  }

  /**
   * Decides about `name` or `name~tag` from `at` on, and about the same project under its other tags. Throws a
   * `VibeTeaError`: `invalid_project` for what cannot be one, `excluded_by_name` where all projects of that name are
   * excluded.
   */
  setSharing(project: string, sharing: Sharing, at: number): Promise<void> {
    return this.#change((state) => {
      const key = projectKey(project)
      const keys = [key, ...(this.#sameAs.get(key) ?? [])]
      return keys.reduce((next, each) => {
        const before = state.decisions.get(each)
        const since = before?.sharing === sharing ? before.since : at
        return decided(next, each, { sharing, since }, at)
      }, state)
    })
  }

  /** Keeps what was agreed to on entering a team, see `withConsent`, which throws. All of it or nothing is kept. */
  joinWith(consent: ShareConsent): Promise<void> {
    return this.#change((state) => withConsent(state, consent))
  }

  /**
   * A project's tag has changed, as when its owner enters or leaves a team: what was decided under one tag holds under
   * the other. Where that cannot be written it holds in this process, and rejects.
   */
  carryOver(project: string, fromTag: string, toTag: string): Promise<void> {
    const name = projectName(project)
    const [from, to] = [`${name}~${fromTag}`, `${name}~${toTag}`]
    this.#link(from, to)
    this.#link(to, from)
    this.#former.add(from)
    this.#former.delete(to)
    return this.#hold((state) => merged(state, from, to))
  }

  /**
   * Records nothing that happens from `from` on and before `until`; null: until `resume`. A pause that lasts already
   * gets the new end. Throws a `VibeTeaError` `invalid_pause` where it would end before it begins.
   */
  async pause(from: number, until: number | null): Promise<void> {
    if (until !== null && until <= from) {
      throw new VibeTeaError(
        'invalid_pause',
        `A pause cannot end at ${new Date(until).toISOString()}, before it begins.`,
        'Give a time in the future or a length like 1h.',
      )
    }
    return this.#change((state) => {
      const current = state.pauses.find((pause) => pause.from <= from && from < pause.to)
      const others = state.pauses.filter((pause) => pause !== current)
      return {
        ...state,
        pauses: withInterval(others, { from: current?.from ?? from, to: until ?? Infinity }),
      }
    })
  }

  /** Ends the pause that lasts at `at`. Without one nothing changes. */
  resume(at: number): Promise<void> {
    return this.#change((state) => {
      const current = state.pauses.find((pause) => pause.from <= at && at < pause.to)
      if (!current) return state
      const others = state.pauses.filter((pause) => pause !== current)
      return { ...state, pauses: withInterval(others, { from: current.from, to: at }) }
    })
  }

  /** All pauses there ever were, in order; the last one's `to` is Infinity where it has no end. */
  pauses(): readonly Interval[] {
    return this.#state.pauses
  }

  /** The pause that lasts at `at`, or null. */
  pauseAt(at: number): Interval | null {
    return this.#state.pauses.find((pause) => pause.from <= at && at < pause.to) ?? null
  }

  /** What ignore files keep out, and kept out, by the directory in which each lies. */
  get ignored(): Ignorings {
    return this.#state.ignored
  }

  /** The main work trees of linked ones for which ignore files of those count. */
  get workTrees(): ReadonlyMap<string, readonly string[]> {
    return this.#state.workTrees
  }

  /** See `withIgnoring`. Where that cannot be written it holds in this process, and rejects. */
  setIgnored(directory: string, now: Omit<Ignoring, 'to'> | null, until: number): Promise<void> {
    return this.#hold((state) => {
      const ignored = withIgnoring(state.ignored, directory, now, until)
      return ignored === state.ignored ? state : { ...state, ignored }
    })
  }

  /** What counts for the main work tree counts for a linked one, also when that is gone. Writes as `setIgnored`. */
  linkWorkTree(root: string, main: string): Promise<void> {
    return this.#hold((state) => {
      const known = state.workTrees.get(root) ?? []
      if (known.includes(main)) return state
      return { ...state, workTrees: new Map(state.workTrees).set(root, [...known, main]) }
    })
  }

  #hold(decide: (state: SharingState) => SharingState): Promise<void> {
    return this.#inTurn(async () => {
      const next = decide(this.#state)
      if (next === this.#state) return
      this.#state = next
      await this.#write(next)
    })
  }

  #change(decide: (state: SharingState) => SharingState): Promise<void> {
    return this.#inTurn(async () => {
      const next = decide(this.#state)
      if (next === this.#state) return
      await this.#write(next)
      this.#state = next
    })
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(work)
    this.#turn = done.catch(() => undefined) // the caller is told; the next change has its own turn
    return done
  }

  #link(key: string, same: string): void {
    this.#sameAs.set(key, (this.#sameAs.get(key) ?? new Set()).add(same))
  }
}
