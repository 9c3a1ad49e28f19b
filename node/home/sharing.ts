import { VibeTeaError } from '../../core/errors.ts'
import { partsOf, projectKey } from '../../core/project-key.ts'
import type { Sharing } from '../../core/rule.ts'
import { projectName } from '../../core/shapes.ts'
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
  readonly #home: string
  #state: SharingState
  #turn: Promise<unknown> = Promise.resolve()

  private constructor(home: string, state: SharingState) {
    this.#home = home
    this.#state = state
  }

  /** Throws a `VibeTeaError` `invalid_sharing` where `sharing.json` cannot be understood. */
  static async open(home: string): Promise<SharingDecisions> {
    return new SharingDecisions(home, await readSharing(home))
  }

  /**
   * What may be done with an event of a project that happened at `at`. Private where nothing was decided. Excluded while
   * the project is excluded, under its name or its name and tag and whenever it happened, and for what happened in an
   * earlier exclusion or in a pause. Shared is what happened since the project has been shared.
   */
  sharingAt(project: string, tag: string | undefined, at: number): Sharing {
    const name = projectName(project)
    const { decisions, exclusions, pauses } = this.#state
    if (contains(pauses, at)) return 'excluded'
    for (const key of tag === undefined ? [name] : [name, `${name}~${tag}`]) {
      if (decisions.get(key)?.sharing === 'excluded' || contains(exclusions.get(key) ?? [], at))
        return 'excluded'
    }
    const decision = (tag === undefined ? undefined : decisions.get(`${name}~${tag}`)) ?? decisions.get(name)
    return decision?.sharing === 'shared' && at >= decision.since ? 'shared' : 'private'
  }

  /** What holds for a project from now on, pauses aside. */
  sharingOf(project: string, tag?: string): Sharing {
    const name = projectName(project)
    const { decisions } = this.#state
    const general = decisions.get(name)?.sharing
    const own = tag === undefined ? undefined : decisions.get(`${name}~${tag}`)?.sharing
    return general === 'excluded' ? 'excluded' : (own ?? general ?? 'private')
  }

  /** Every project that something was decided about, by name. */
  projects(): ProjectDecision[] {
    return [...this.#state.decisions]
      .map(([key, { sharing }]) => ({ ...partsOf(key), sharing }))
      .sort((a, b) => (a.project < b.project ? -1 : a.project > b.project ? 1 : 0))
  }

  /**
   * Decides about `name` or `name~tag` from `at` on. Throws a `VibeTeaError`: `invalid_project` for what cannot be one,
   * `excluded_by_name` where all projects of that name are excluded.
   */
  setSharing(project: string, sharing: Sharing, at: number): Promise<void> {
    return this.#change((state) => {
      const key = projectKey(project)
      const { project: name, projectTag } = partsOf(key)
      if (
        projectTag !== undefined &&
        sharing !== 'excluded' &&
        state.decisions.get(name)?.sharing === 'excluded'
      ) {
        throw new VibeTeaError(
          'excluded_by_name',
          `Every project named ${name} is excluded, ${key} too.`,
          `Use "vibetea private ${name}" first, then exclude the others by their tags.`,
        )
      }
      const before = state.decisions.get(key)
      if (before?.sharing === sharing) return state
      const decisions = new Map(state.decisions).set(key, { sharing, since: at })
      if (before?.sharing !== 'excluded') return { ...state, decisions }
      // Clocks are set back at times; then the times between were excluded as well.
      const past = { from: Math.min(before.since, at), to: Math.max(before.since, at) }
      const intervals = withInterval(state.exclusions.get(key) ?? [], past)
      return { ...state, decisions, exclusions: new Map(state.exclusions).set(key, intervals) }
    })
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

  #change(decide: (state: SharingState) => SharingState): Promise<void> {
    const change = this.#turn.then(async () => {
      const next = decide(this.#state)
      if (next === this.#state) return
      await writeSharing(this.#home, next)
      this.#state = next
    })
    this.#turn = change.catch(() => undefined) // the caller is told; the next change has its own turn
    return change
  }
}
